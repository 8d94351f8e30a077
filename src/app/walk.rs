//! Where a learner is in a walkthrough, and what they predicted.

/// How a choice looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictionState {
    /// Not chosen.
    Open,
    /// Chosen; the answer is not shown yet.
    Locked,
    /// The right one.
    Right,
    /// Chosen, and not the right one.
    Wrong,
}

/// The scene and the predictions so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    scene: usize,
    predictions: Vec<Option<usize>>,
}

impl Walk {
    /// The beginning of a walkthrough with so many scenes.
    pub fn new(scenes: usize) -> Walk {
        Walk { scene: 0, predictions: vec![None; scenes] }
    }

    /// The index of the scene shown.
    pub fn scene(&self) -> usize {
        self.scene
    }

    /// Goes to a scene. Returns whether there is such a scene and it is another one.
    pub fn go(&mut self, scene: usize) -> bool {
        let moved = scene < self.predictions.len() && scene != self.scene;
        if moved {
            self.scene = scene;
        }
        moved
    }

    /// What was predicted in this scene.
    pub fn prediction(&self) -> Option<usize> {
        self.predictions.get(self.scene).copied().flatten()
    }

    /// Predicts, if this scene has no prediction yet: the first one counts.
    pub fn predict(&mut self, choice: usize) -> bool {
        match self.predictions.get_mut(self.scene) {
            Some(prediction @ None) => {
                *prediction = Some(choice);
                true
            }
            _ => false,
        }
    }

    /// Keeps scene and predictions for a walkthrough that was edited.
    pub fn resized(mut self, scenes: usize) -> Walk {
        self.predictions.resize(scenes, None);
        self.scene = self.scene.min(scenes.saturating_sub(1));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_prediction_is_locked() {
        let mut walk = Walk::new(3);
        assert!(walk.go(1));
        assert!(walk.predict(2));
        assert!(!walk.predict(0));
        assert_eq!(walk.prediction(), Some(2));
        assert!(!walk.go(3));
        assert_eq!(walk.clone().resized(1).scene(), 0);
        assert_eq!(Walk::new(0).resized(0).prediction(), None);
    }
}
