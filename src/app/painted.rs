//! Which pictures the driver has really painted.
//!
//! A graphics driver may leave out a frame: its programs are still being compiled, the window has no surface, a
//! texture was given up for a new one. Whoever paints only what changed must know, or a piece of the picture is
//! missing until something else happens there. Each frame ends with a [`Receipt`]: a shape of one pixel that paints
//! nothing, and notes that everything before it has been painted, and onto which texture.
//!
//! Left out: whether the picture then reached the screen. Each frame shows the whole texture, so the next one mends
//! that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bevy::ecs::world::World;
use bevy::render::render_phase::TrackedRenderPass;
use bevy::render::sync_world::RenderEntity;
use bevy::render::view::ViewTarget;
use bevy_egui::egui::{PaintCallbackInfo, Pos2, Rect, Shape, Vec2};
use bevy_egui::render::{EguiBevyPaintCallback, EguiBevyPaintCallbackImpl, EguiPipelineKey, EguiViewTarget};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// What the driver says of the frames that it was given.
#[derive(Clone, Default)]
pub struct Painted(Arc<Noted>);

#[derive(Default)]
struct Noted {
    /// The last frame that was painted; they are counted from 1.
    last: AtomicU64,
    /// How often the frame before was missing, or lay on another texture.
    losses: AtomicU64,
    /// The texture that the last frame was painted on, as a hash.
    texture: AtomicU64,
}

impl Painted {
    /// The last frame that was painted; 0 if none was.
    pub fn last(&self) -> u64 {
        self.0.last.load(Ordering::Acquire)
    }

    /// How often a frame was painted on something else than the picture before it.
    pub fn losses(&self) -> u64 {
        self.0.losses.load(Ordering::Acquire)
    }

    /// The shape that ends `frame`.
    pub fn receipt(&self, frame: u64) -> Shape {
        let pixel = Rect::from_min_size(Pos2::ZERO, Vec2::splat(1.0));
        Shape::Callback(EguiBevyPaintCallback::new_paint_callback(pixel, Receipt { noted: self.0.clone(), frame }))
    }
}

impl Noted {
    /// `frame` has been painted on `texture`.
    fn note(&self, frame: u64, texture: u64) {
        let before = self.last.load(Ordering::Acquire);
        let same = self.texture.swap(texture, Ordering::AcqRel) == texture;
        if before + 1 != frame || !same {
            self.losses.fetch_add(1, Ordering::AcqRel);
        }
        self.last.store(frame, Ordering::Release);
    }
}

struct Receipt {
    noted: Arc<Noted>,
    frame: u64,
}

impl EguiBevyPaintCallbackImpl for Receipt {
    fn update(&self, _: PaintCallbackInfo, _: RenderEntity, _: EguiPipelineKey, _: &mut World) {}

    fn render<'pass>(
        &self,
        _: PaintCallbackInfo,
        _: &mut TrackedRenderPass<'pass>,
        view: RenderEntity,
        _: EguiPipelineKey,
        world: &'pass World,
    ) {
        let target = world.get::<EguiViewTarget>(view.id()).and_then(|target| world.get::<ViewTarget>(target.0));
        let texture = target.map(|target| target.main_texture().id());
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(texture);
        self.noted.note(self.frame, hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_was_left_out_or_lies_on_another_texture_is_a_loss() {
        let painted = Painted::default();
        painted.0.note(1, 7);
        let first = painted.losses();
        assert_eq!(first, 1, "nothing lay on the first texture");
        painted.0.note(2, 7);
        assert_eq!((painted.last(), painted.losses()), (2, first));
        painted.0.note(4, 7);
        assert_eq!((painted.last(), painted.losses()), (4, first + 1), "the third is missing");
        painted.0.note(5, 8);
        assert_eq!(painted.losses(), first + 2, "another texture");
        painted.0.note(6, 8);
        assert_eq!(painted.losses(), first + 2);
    }
}
