//! Draws what the parts hold at a moment: ring and mode on the cores, places in disks and rings, mailboxes, the threads
//! that wait and sleep, and what a VM exit has saved. What it is follows from [`super::state`].

use egui::{Align2, Rect, pos2, vec2};

use super::drawing::{Ink, Paint, Shape};
use super::heights::CARD_LINES;
use super::picture::Picture;
use super::stage::{brightness, dim, knowing};
use super::state::{Bead, Doing};
use super::tokens::Tokens;
use super::words::opened;
use crate::app::glossary;
use crate::app::letters::{HOST, letter};
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::{ComponentKind, Presence};
use crate::trace::{ComponentId, CpuId, Ended, Layer, StackId, Token, What};

/// What a core's field says.
const RUNS: &str = "Whose code runs on this core: the column's letter, or h for the host itself; and in which ring and mode of the processor";
/// What the row of threads beside a kernel's name says.
const WAIT: &str = "This kernel's threads without a core: filled ones could run and stand in the queue, rings sleep until something wakes them. The letter is their column's, h the host's own";

/// Where a core's cells and their headings are.
struct Grid {
    size: f32,
    left: f32,
    cell: egui::Vec2,
    heads: [f32; 2],
    head: f32,
}

/// How a core without cells says who runs, and how.
#[derive(Clone, Copy)]
enum Wording {
    Whole,
    Short,
    Ring,
    Whose,
}

impl Wording {
    /// The fullest first.
    const ALL: [Wording; 4] = [Wording::Whole, Wording::Short, Wording::Ring, Wording::Whose];

    fn says(self, whose: &str, ring: u8, root: bool) -> String {
        let mode = if root { "root" } else { "non-root" };
        match self {
            Wording::Whole => format!("{whose} · ring {ring}, {mode}"),
            Wording::Short => format!("{whose} · {ring}, {mode}"),
            Wording::Ring => format!("{whose} · ring {ring}"),
            Wording::Whose => whose.to_owned(),
        }
    }
}

impl Picture<'_> {
    /// Everything that the parts hold.
    pub(super) fn holds(&self, tokens: &Tokens, time: Time, out: &mut Vec<Shape>) {
        // All cores in the same way: as two rings by two modes if there is room for that at each.
        let grids: Option<Vec<Grid>> =
            self.layout.cores.iter().map(|(&id, &rect)| self.grid(id, self.camera.rect(rect))).collect();
        let wording = self.wording();
        for (i, (&id, &rect)) in self.layout.cores.iter().enumerate() {
            let from = out.len();
            let grid = grids.as_ref().and_then(|grids| grids.get(i));
            self.seen(rect, |rect| self.core(id, (rect, grid, wording), time, out));
            dim(&mut out[from..], self.by(id));
        }
        for (&id, slots) in &self.layout.slots {
            self.slots(id, slots, time, out);
        }
        self.services(time, out);
        for (&id, &rect) in &self.layout.mailboxes {
            let comes = tokens.all.iter().any(|token| token.at.is_some_and(|at| rect.contains(at)));
            self.seen(rect, |rect| self.mailbox(id, (rect, comes), time, out));
        }
        let mut beads = self.states.beads(self.topology, (self.trace, self.index), time);
        // Whoever has ended neither waits nor sleeps.
        let there = |bead: &Bead| {
            let stack = bead.stack.some().and_then(|stack| self.topology.stacks.get(stack.index()));
            stack.is_none_or(|stack| !self.has_ended(stack.component, time))
        };
        for beads in beads.values_mut() {
            beads.queue.retain(there);
            beads.asleep.retain(there);
        }
        for (id, &rect) in &self.layout.run_queues {
            let Some(beads) = beads.get(id) else { continue };
            // Where there is little room, a hypervisor's slab reaches into it.
            let slabs = self.topology.children(*id).filter(|(_, part)| part.kind == ComponentKind::Hypervisor);
            let slabs = slabs.map(|(slab, _)| self.layout.place(slab).rect).filter(|slab| slab.intersects(rect));
            let rect = slabs.fold(rect, |rect, slab| rect.with_max_x(slab.left().max(rect.left())));
            self.seen(rect, |rect| self.beads((&beads.queue, &beads.asleep), (*id, rect), out));
        }
        for (&id, &rect) in &self.layout.cards {
            let from = out.len();
            self.seen(rect, |rect| self.card(id, rect, time, out));
            dim(&mut out[from..], knowing(self.options.known, id));
        }
    }

    /// Whether a part has come to its end at `time`, not by itself.
    fn has_ended(&self, part: ComponentId, time: Time) -> bool {
        let presence = self.options.presences.map(|presences| presences.at(part, time));
        matches!(presence, Some(Presence::Gone(why)) if why != Ended::Finished)
    }

    fn seen(&self, rect: Rect, draw: impl FnOnce(Rect)) {
        let rect = self.camera.rect(rect);
        if rect.intersects(self.camera.canvas) && rect.is_positive() {
            draw(rect);
        }
    }

    /// The brightness of the column that a part is in.
    fn by(&self, id: ComponentId) -> f32 {
        brightness(self.layout, self.followed, self.layout.place(id).column) * knowing(self.options.known, id)
    }

    fn cpu(&self, id: ComponentId) -> Option<CpuId> {
        self.topology.component(id)?.cpu
    }

    /// The first of several ways to say something that fits, in the middle of a box.
    fn middle(&self, texts: &[String], rect: Rect, (strong, paint): (bool, Paint), out: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Small, rect.height()) else { return };
        let fits = |text: &&String| self.writer.metrics.width(text, size, strong) <= rect.width() - 2.0;
        let Some(text) = texts.iter().find(fits) else { return };
        let at = (rect.center().x, rect.center().y);
        out.extend(self.writer.line(text, at, Align2::CENTER_CENTER, (size, strong), rect.width(), paint));
    }

    /// The wording of cores without cells: the fullest that fits into each of them, whoever runs there and in whichever
    /// ring and mode.
    fn wording(&self) -> Wording {
        let letters = (0..self.topology.stacks.len() as u32).map(|stack| letter(StackId(stack)));
        let width = |text: &str, size: f32| self.writer.metrics.width(text, size, true);
        let widest = letters.chain([HOST.to_owned()]).max_by(|a, b| width(a, 1.0).total_cmp(&width(b, 1.0)));
        let widest = widest.unwrap_or_default();
        let fits = |wording: &Wording| {
            let text = wording.says(&widest, 0, false);
            self.layout.cores.values().all(|rect| {
                let rect = self.camera.rect(*rect);
                let size = self.writer.size(TextRole::Small, rect.height());
                size.is_none_or(|size| width(&text, size) <= rect.width() - 2.0)
            })
        };
        Wording::ALL.into_iter().find(fits).unwrap_or(Wording::Whose)
    }

    /// Ring and mode of a core, and who runs: as two rings by two modes, or in one box in words.
    fn core(
        &self,
        id: ComponentId,
        (rect, grid, wording): (Rect, Option<&Grid>, Wording),
        time: Time,
        out: &mut Vec<Shape>,
    ) {
        let Some(cpu) = self.cpu(id) else { return };
        // A return takes no simulated time, and is seen all the same.
        let doing = match self.returned().filter(|hop| hop.core == cpu) {
            Some(hop) => Some(self.states.user(hop)),
            None => self.states.core(self.topology, self.trace, cpu, time),
        };
        if let Some(grid) = grid {
            return self.cells(grid, rect, doing, out);
        }
        let fill = doing.map_or(Ink::Background.solid(), |doing| Ink::Layer(doing.layer).solid());
        let line = Some((1.0, Ink::Outline.solid()));
        out.push(Shape::Rect { rect, radius: 2.0, fill: Some(fill), line });
        match doing {
            None => self.middle(&["idle".to_owned()], rect, (false, Ink::Muted.solid()), out),
            Some(doing) => {
                let text = wording.says(&whose(doing.stack), doing.ring, doing.root);
                self.middle(&[text], rect, (true, Ink::Background.solid()), out);
            }
        }
    }

    /// The cells of a core, if they and their heading can be read well and do not touch its name.
    fn grid(&self, id: ComponentId, rect: Rect) -> Option<Grid> {
        let place = self.layout.place(id);
        let (head, outer) = (self.camera.rect(place.name), self.camera.rect(place.rect));
        let size = self.writer.size(TextRole::Small, (rect.height() / 2.0 - 2.0).min(head.height()))?;
        let whole = self.writer.theme.size(TextRole::Small) * self.writer.factor;
        if size < whole * 0.8 || head.bottom() > rect.top() + 1.0 {
            return None;
        }
        let width = |text: &str| self.writer.metrics.width(text, size, false);
        let name = self.topology.component(id).map_or("", |part| part.name.as_str());
        let name_size = self.writer.size(TextRole::Small, head.height())?;
        let named = head.left() + self.writer.pad(outer) + self.writer.metrics.width(name, name_size, false) + size;
        let left = rect.left() + width("ring 3") + size * 0.5;
        let cell = vec2((rect.right() - left) / 2.0, rect.height() / 2.0);
        let heads = [left + cell.x * 0.5, left + cell.x * 1.5];
        let beside = |text: &str, x: f32| width(text) <= cell.x && x - width(text) / 2.0 >= named;
        (beside("root", heads[0]) && beside("non-root", heads[1])).then_some(Grid {
            size,
            left,
            cell,
            heads,
            head: head.center().y,
        })
    }

    fn cells(&self, grid: &Grid, rect: Rect, doing: Option<Doing>, out: &mut Vec<Shape>) {
        let (size, cell, muted) = (grid.size, grid.cell, Ink::Muted.solid());
        for (text, x) in ["root", "non-root"].into_iter().zip(grid.heads) {
            let at = (x, grid.head);
            out.extend(self.writer.line(text, at, Align2::CENTER_CENTER, (size, false), cell.x, muted));
        }
        for (row, text) in ["ring 3", "ring 0"].into_iter().enumerate() {
            let at = (rect.left(), rect.top() + cell.y * (row as f32 + 0.5));
            let room = grid.left - rect.left();
            out.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, false), room, muted));
            for (column, root) in [true, false].into_iter().enumerate() {
                let min = pos2(grid.left + column as f32 * cell.x, rect.top() + row as f32 * cell.y);
                let here = Rect::from_min_size(min, cell).shrink(1.0);
                let lit = doing.filter(|doing| doing.root == root && (doing.ring == 3) == (row == 0));
                let fill = lit.map_or(Ink::Background.solid(), |doing| Ink::Layer(doing.layer).solid());
                let line = Some((1.0, Ink::Outline.solid()));
                out.push(Shape::Rect { rect: here, radius: 2.0, fill: Some(fill), line });
                if let Some(doing) = lit {
                    self.middle(&[whose(doing.stack)], here, (true, Ink::Background.solid()), out);
                }
            }
        }
    }

    /// The places of a disk's queue or of a virtual disk's ring. The disk's own requests are tokens; those in a ring are
    /// what has been left there.
    fn slots(&self, id: ComponentId, slots: &[Rect], time: Time, out: &mut Vec<Shape>) {
        let by = self.by(id);
        let ring = self.states.ring(id, time);
        for (i, slot) in slots.iter().enumerate() {
            let rect = self.camera.rect(*slot);
            if !rect.intersects(self.camera.canvas) {
                continue;
            }
            let line = Some((1.0, Ink::Outline.faint(by)));
            out.push(Shape::Rect { rect, radius: 2.0, fill: Some(Ink::Background.faint(0.6)), line });
            let Some(held) = ring.iter().find(|held| held.place == i) else { continue };
            let radius = (rect.height().min(rect.width()) * 0.42).min(self.layout.token * self.camera.tokens);
            let paint = Ink::Layer(Layer::GuestKernel).faint(0.75 * by);
            let mark = letter(held.stack);
            let token = Token::IoRequest;
            out.push(Shape::Token { center: rect.center(), radius, token, paint, outlined: false, mark });
        }
    }

    /// A line below each request that a disk serves: it fills by the share that is over.
    fn services(&self, time: Time, out: &mut Vec<Shape>) {
        for journey in self.index.under_way(self.trace, time) {
            let hops = self.index.hops(journey);
            let Some(at) = self.index.hop_at(self.trace, journey, time).and_then(|at| hops.get(at)) else { continue };
            let Some(hop) = self.trace.hops.get(at.index()) else { continue };
            let slots = self.layout.slots.get(&hop.component);
            let slot = slots.and_then(|slots| slots.get(self.slots.of(*at)?));
            let Some(slot) = slot.filter(|_| matches!(hop.what, What::Pay(_)) && hop.end > hop.start) else { continue };
            let rect = self.camera.rect(*slot);
            let over = (time - hop.start).as_ps() as f64 / (hop.end - hop.start).as_ps() as f64;
            let width = rect.width() * over.clamp(0.0, 1.0) as f32;
            let bar = Rect::from_min_size(pos2(rect.left(), rect.bottom() - 1.0), vec2(width, 2.5));
            out.push(Shape::Rect { rect: bar, radius: 0.0, fill: Some(Ink::Text.solid()), line: None });
        }
    }

    /// Interrupts that wait for the next entry: the flag is up, and a bolt lies in it, unless a token `comes` there that
    /// is one. And while the vCPU is out, why.
    fn mailbox(&self, id: ComponentId, (rect, comes): (Rect, bool), time: Time, out: &mut Vec<Shape>) {
        let Some(cpu) = self.cpu(id) else { return };
        let by = self.by(id);
        let pending = self.states.mailbox(cpu, time);
        let size = vec2((rect.height() * 1.5).min(rect.width()), rect.height() * 0.7);
        let slot = Rect::from_center_size(rect.center() + vec2(0.0, rect.height() * 0.08), size);
        let ink = Ink::Layer(Layer::Hypervisor);
        let fill = Some(ink.faint(if pending.is_empty() { 0.10 } else { 0.4 } * by));
        out.push(Shape::Rect { rect: slot, radius: slot.height() * 0.3, fill, line: Some((1.2, ink.faint(by))) });
        self.saved(id, cpu, slot.left().min(rect.left()), time, out);
        if pending.is_empty() {
            return;
        }
        let alarm = Ink::Alarm.faint(by);
        let pole = slot.right() - 2.0;
        let flag = Rect::from_min_max(pos2(pole - rect.height() * 0.3, rect.top()), pos2(pole, slot.top() + 1.0));
        out.push(Shape::Rect { rect: flag, radius: 0.0, fill: Some(alarm), line: None });
        if comes {
            return;
        }
        let radius = slot.height() * 0.5;
        // Whose it is the machine around it says.
        let mark = if pending.len() > 1 { pending.len().to_string() } else { String::new() };
        let paint = Ink::Text.faint(by);
        let token = Token::Interrupt;
        out.push(Shape::Token { center: slot.center(), radius, token, paint, outlined: false, mark });
    }

    /// Why a vCPU is out, between its name and its mailbox.
    fn saved(&self, id: ComponentId, cpu: CpuId, right: f32, time: Time, out: &mut Vec<Shape>) {
        let Some((_, reason)) = self.states.out(cpu, time) else { return };
        let place = self.layout.place(id);
        let (name, box_) = (self.camera.rect(place.name), self.camera.rect(place.rect));
        let Some((size, false)) = opened(&self.writer, self.camera.zoom, box_) else { return };
        let Some(text_size) = self.writer.size(TextRole::Note, name.height()) else { return };
        let label = self.topology.component(id).map_or("", |part| part.name.as_str());
        let from = name.left() + self.writer.pad(box_) + self.writer.metrics.width(label, size, false) + size * 0.8;
        let to = if right > name.left() + 1.0 && right > from { right.min(name.right()) } else { name.right() };
        let texts = [format!("out: {}", reason.label()), "out".to_owned()];
        let fits = |text: &&String| self.writer.metrics.width(text, text_size, false) <= to - from - size * 0.4;
        let Some(text) = texts.iter().find(fits) else { return };
        let at = (to - size * 0.4, name.center().y);
        let paint = Ink::Layer(Layer::Hypervisor).faint(self.by(id));
        out.extend(self.writer.line(text, at, Align2::RIGHT_CENTER, (text_size, false), to - from, paint));
    }

    /// One bead: filled if it waits to run, a ring if it sleeps.
    fn bead(
        &self,
        mark: String,
        (center, radius): (egui::Pos2, f32),
        ink: Ink,
        (label, by): (&str, f32),
        out: &mut Vec<Shape>,
    ) {
        if label == "queue" {
            let (token, paint) = (Token::Instruction, ink.faint(by));
            out.push(Shape::Token { center, radius, token, paint, outlined: true, mark });
            return;
        }
        let inner = radius * 0.95;
        out.push(Shape::Ring { center, radius: inner, line: (1.3, ink.faint(by)) });
        let around = Rect::from_center_size(center, vec2(inner, inner) * 2.0);
        self.middle(&[mark], around, (true, ink.faint(by)), out);
    }

    /// From the left: those that wait to run, filled; then those that sleep, as rings.
    fn beads(&self, (queue, asleep): (&[Bead], &[Bead]), (id, rect): (ComponentId, Rect), out: &mut Vec<Shape>) {
        let radius = (rect.height() * 0.48).min(self.layout.token * self.camera.tokens * 1.25);
        let Some(size) = self.writer.size(TextRole::Note, rect.height()).filter(|_| radius > 2.0) else { return };
        let (step, by) = (radius * 2.2, self.by(id));
        let mut x = rect.left() + size * 0.3;
        let groups = [("queue", queue), ("asleep", asleep)];
        for (label, beads) in groups.into_iter().filter(|(_, beads)| !beads.is_empty()) {
            let wide = self.writer.metrics.width(label, size, false);
            let room = ((rect.right() - x - wide - size * 0.5) / step).max(0.0) as usize;
            if room == 0 {
                break;
            }
            let (at, paint) = ((x, rect.center().y), Ink::Muted.faint(by));
            out.extend(self.writer.line(label, at, Align2::LEFT_CENTER, (size, false), wide + 1.0, paint));
            x += wide + size * 0.5;
            let shown = if beads.len() <= room { beads.len() } else { room.saturating_sub(2) };
            for bead in &beads[..shown] {
                let ink = Ink::Layer(if bead.vcpu { Layer::Hypervisor } else { Layer::User });
                self.bead(whose(bead.stack.some()), (pos2(x + radius, rect.center().y), radius), ink, (label, by), out);
                x += step;
            }
            // Those that there is no room for are a number, and no bead.
            if shown < beads.len() {
                let more = beads.len() - shown;
                let around = rect.with_min_x(x + size * 0.2).with_max_x(rect.right().min(x + 2.2 * step));
                let texts = [format!("and {more}"), more.to_string()];
                let texts = if shown == 0 { &texts[1..] } else { &texts[..] };
                self.middle(texts, around, (true, Ink::Muted.faint(by)), out);
                x += 2.2 * step;
            }
            x += size * 0.6;
        }
    }

    /// What there is to know of the cards that stand, of mailboxes, of who runs, waits and sleeps.
    pub(super) fn kept(&self, time: Time) -> Vec<(Rect, String)> {
        let told = |word: &str, rect: Rect| Some((self.camera.rect(rect), glossary::of(word)?.line()));
        let cards = self.layout.cards.iter().filter(|(vm, _)| self.gone(**vm, time).is_some());
        let cards = cards.filter_map(|(_, &rect)| told("VMCS", rect));
        let mailboxes = self.layout.mailboxes.values().filter_map(|&rect| told("injection", rect));
        let said = |rect: &Rect, words: &str| (self.camera.rect(*rect), words.to_owned());
        let cores = self.layout.cores.values().map(|rect| said(rect, RUNS));
        let queues = self.layout.run_queues.values().map(|rect| said(rect, WAIT));
        cards.chain(mailboxes).chain(cores).chain(queues).collect()
    }

    /// What a VM exit has saved, while a vCPU is out: why, and for how long already.
    fn card(&self, vm: ComponentId, rect: Rect, time: Time, out: &mut Vec<Shape>) {
        let Some((cpu, since, reason)) = self.gone(vm, time) else { return };
        let Some(size) = self.writer.size(TextRole::Small, rect.height() / CARD_LINES + 0.01) else { return };
        let name = self.topology.cpus.get(cpu.index()).map_or("vCPU", |cpu| cpu.name.as_str());
        let pending = match self.states.mailbox(cpu, time).len() {
            0 => "no interrupt pending".to_owned(),
            1 => "1 interrupt pending".to_owned(),
            many => format!("{many} interrupts pending"),
        };
        let title = [format!("VMCS of {}, saved", crate::app::names::name(name)), "VMCS, saved".to_owned()];
        let lines = [format!("exit: {}", reason.label()), format!("out for {}", time - since), pending];
        let width = |text: &String, strong: bool| self.writer.metrics.width(text, size, strong);
        let room = rect.width() - size;
        let fits = |text: &&String| width(text, true) <= room;
        let Some(title) = title.iter().find(fits).filter(|_| lines.iter().all(|line| width(line, false) <= room))
        else {
            return;
        };
        let ink = Ink::Layer(Layer::Hypervisor);
        let (fill, line) = (Some(Ink::Inside.solid()), Some((1.2, ink.solid())));
        out.push(Shape::Rect { rect, radius: 3.0, fill, line });
        let head = rect.with_max_y(rect.top() + rect.height() / 4.0);
        out.push(Shape::Rect { rect: head, radius: 3.0, fill: Some(ink.faint(0.3)), line: None });
        let texts = std::iter::once((title, true)).chain(lines.iter().map(|line| (line, false)));
        for (i, (text, strong)) in texts.enumerate() {
            let at = (rect.left() + size * 0.5, rect.top() + rect.height() * (i as f32 + 0.5) / 4.0);
            let paint = Ink::Text.solid();
            out.extend(self.writer.line(text, at, Align2::LEFT_CENTER, (size, strong), room, paint));
        }
    }

    /// Which of a machine's vCPUs is out, if one is: of several the one that left last.
    fn gone(&self, vm: ComponentId, time: Time) -> Option<(CpuId, Time, crate::trace::ExitReason)> {
        // With the machine its state has ended.
        if self.has_ended(vm, time) {
            return None;
        }
        let (hardware, _) = self.topology.children(vm).find(|(_, part)| part.kind == ComponentKind::VirtualHardware)?;
        let vcpus = self.topology.children(hardware).filter_map(|(_, part)| part.cpu);
        let out = vcpus.filter_map(|cpu| self.states.out(cpu, time).map(|(since, reason)| (cpu, since, reason)));
        out.max_by_key(|(cpu, since, _)| (*since, std::cmp::Reverse(*cpu)))
    }
}

fn whose(stack: Option<StackId>) -> String {
    stack.map_or(HOST.to_owned(), letter)
}
