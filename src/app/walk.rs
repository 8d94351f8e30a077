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

/// The scene and the predictions so far. After the last scene comes a page on which it all ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    scene: usize,
    predictions: Vec<Option<usize>>,
    /// The scenes whose answers have been seen.
    answered: Vec<bool>,
    /// The scene that asked before a wrong answer led elsewhere.
    asked_in: Option<usize>,
}

impl Walk {
    /// The beginning of a walkthrough with so many scenes.
    pub fn new(scenes: usize) -> Walk {
        Walk { predictions: vec![None; scenes], answered: vec![false; scenes], ..Walk::default() }
    }

    /// The index of the scene shown; one more than the last scene's on the page at the end.
    pub fn scene(&self) -> usize {
        self.scene
    }

    /// Whether the page at the end is shown.
    pub fn at_closing(&self) -> bool {
        !self.predictions.is_empty() && self.scene == self.predictions.len()
    }

    /// Goes to a scene. Returns whether there is such a scene and it is another one.
    pub fn go(&mut self, scene: usize) -> bool {
        let moved = scene <= self.predictions.len() && !self.predictions.is_empty() && scene != self.scene;
        if moved {
            // Who goes on has predicted, whether or not it was played to its end.
            self.played();
            self.scene = scene;
            if self.asked_in == Some(scene) {
                self.asked_in = None;
            }
        }
        moved
    }

    /// Goes from a wrong answer to the scene that corrects it.
    pub fn go_to_correction(&mut self, scene: usize) -> bool {
        let from = self.scene;
        let moved = self.go(scene);
        if moved {
            self.asked_in = Some(from);
        }
        moved
    }

    /// Where a wrong answer led here from.
    pub fn asked_in(&self) -> Option<usize> {
        self.asked_in
    }

    /// What was predicted in this scene.
    pub fn prediction(&self) -> Option<usize> {
        self.prediction_in(self.scene)
    }

    /// What was predicted in a scene.
    pub fn prediction_in(&self, scene: usize) -> Option<usize> {
        self.predictions.get(scene).copied().flatten()
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

    /// Whether the answer of this scene has been shown.
    pub fn answered(&self) -> bool {
        self.answered_in(self.scene)
    }

    /// Whether the answer of a scene has been shown.
    pub fn answered_in(&self, scene: usize) -> bool {
        self.answered.get(scene).copied().unwrap_or(false)
    }

    /// The scene has been played: what was predicted in it is answered from now on.
    pub fn played(&mut self) {
        if self.prediction().is_some()
            && let Some(answered) = self.answered.get_mut(self.scene)
        {
            *answered = true;
        }
    }

    /// Keeps scene and predictions for a walkthrough that was edited.
    pub fn resized(mut self, scenes: usize) -> Walk {
        let closing = self.at_closing();
        self.predictions.resize(scenes, None);
        self.answered.resize(scenes, false);
        self.asked_in = self.asked_in.filter(|&scene| scene < scenes);
        self.scene = if closing { scenes } else { self.scene.min(scenes.saturating_sub(1)) };
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
        assert!(!walk.answered());
        assert!(walk.go(3) && walk.at_closing() && !walk.go(4));
        assert!(walk.answered_in(1) && !walk.answered_in(0), "what was predicted is answered, played or not");
        assert_eq!(walk.prediction(), None);
        assert_eq!(walk.clone().resized(1).scene(), 1, "the page at the end stays");
        assert!(walk.go(2));
        assert_eq!(walk.clone().resized(1).scene(), 0);
        assert_eq!(Walk::new(0).resized(0).prediction(), None);
    }
}
