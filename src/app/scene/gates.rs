//! Gates and slits, open while a token passes: two leaves in a seam, or the two lines of a wall.

use egui::pos2;

use super::drawing::{Ink, Shape};
use super::layout::GateKind;
use super::picture::Picture;
use super::stage::{brightness, dim};
use super::tokens::Tokens;
use crate::trace::Layer;

impl Picture<'_> {
    /// The layer of the kernel that a program stands on.
    pub(super) fn kernel_layer(&self, of: crate::trace::ComponentId) -> Layer {
        let kernel = super::state::kernel_of(self.topology, of).and_then(|id| self.topology.component(id));
        kernel.map_or(Layer::HostKernel, |kernel| kernel.layer)
    }

    /// The leaves of all gates.
    pub(super) fn gates(&self, tokens: &Tokens, out: &mut Vec<Shape>) {
        let radius = self.layout.token;
        for gate in &self.layout.gates {
            let near = |at: egui::Pos2| (at - gate.at).abs().max_elem() < radius * 2.6;
            let open = tokens.all.iter().any(|token| token.at.is_some_and(near));
            let at = self.camera.point(gate.at);
            if !self.camera.canvas.expand(40.0).contains(at) {
                continue;
            }
            let from = out.len();
            let (zoom, reach) = (self.camera.zoom, radius * self.camera.zoom);
            let half = gate.half * zoom;
            match gate.kind {
                GateKind::Ring => {
                    let ink = Ink::Layer(self.kernel_layer(gate.of)).solid();
                    let side = reach * if open { 1.3 } else { 0.45 };
                    for x in [at.x - side, at.x + side] {
                        let points = vec![pos2(x, at.y - half), pos2(x, at.y + half)];
                        out.push(Shape::Line { points, line: (2.2, ink) });
                    }
                    // Shut, the leaves reach from the seam to each other.
                    if !open {
                        for (a, b) in [(at.x - reach * 1.3, at.x - side), (at.x + side, at.x + reach * 1.3)] {
                            out.push(Shape::Line { points: vec![pos2(a, at.y), pos2(b, at.y)], line: (1.6, ink) });
                        }
                    }
                }
                GateKind::Wall => {
                    let ink = Ink::Layer(Layer::Hypervisor).solid();
                    let side = reach * 1.45;
                    for x in [at.x - side, at.x + side] {
                        let points = vec![pos2(x, at.y - half), pos2(x, at.y + half)];
                        out.push(Shape::Line { points, line: (2.0, ink) });
                    }
                    if !open {
                        for y in [at.y - half, at.y + half] {
                            let points = vec![pos2(at.x - side, y), pos2(at.x + side, y)];
                            out.push(Shape::Line { points, line: (1.0, Ink::Layer(Layer::Hypervisor).faint(0.7)) });
                        }
                    }
                }
            }
            dim(&mut out[from..], brightness(self.layout, self.followed, gate.column));
        }
    }
}
