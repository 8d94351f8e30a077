//! What comes at the other stops of a knob that is turned: computed in the background, one run after the other, those
//! next to the chosen stop first. The run that the picture shows is the session's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::recording::Recording;
use crate::scenario::{Knob, KnobPlace, Source, Stops, Value};

/// What is known at each stop.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum At {
    /// Nothing yet.
    #[default]
    Unknown,
    /// What the knob shows there.
    Known(Value),
    /// No scenario comes of it.
    Nothing,
}

/// The knob that was turned last.
#[derive(Debug, Default)]
pub struct Knobs {
    turned: Option<(KnobPlace, usize)>,
    sweep: Option<Sweep>,
}

#[derive(Debug)]
struct Sweep {
    place: KnobPlace,
    stops: Stops,
    values: Arc<Mutex<Vec<At>>>,
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Knobs {
    /// Which knob was turned last, and to which stop.
    pub fn at(&self) -> Option<(KnobPlace, usize)> {
        self.turned
    }

    /// Whether something is still being computed.
    pub fn working(&self) -> bool {
        self.sweep.as_ref().is_some_and(|sweep| !sweep.thread.is_finished())
    }

    /// What is known at the stops of a knob, if it is the one that was turned last.
    pub fn values(&self, place: KnobPlace) -> Option<Vec<At>> {
        let sweep = self.sweep.as_ref().filter(|sweep| sweep.place == place)?;
        Some(sweep.values.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// A knob of `file`, a run in which none is turned, is turned to a stop.
    pub fn turn(&mut self, file: &Recording, place: KnobPlace, stop: usize, wake: Arc<OnceLock<egui::Context>>) {
        self.turned = Some((place, stop));
        let Some(knob) = file.knobs(place.scene).get(place.knob) else { return };
        let stops = knob.stops(&file.profile);
        if self.sweep.as_ref().is_some_and(|sweep| sweep.place == place && sweep.stops == stops) {
            return;
        }
        let mut values = vec![At::Unknown; stops.settings.len()];
        values[stops.home] = At::Known(knob.shows.value(&file.outcome));
        self.sweep = Some(Sweep::start(knob.clone(), file, (place, stop), stops, values, wake));
    }

    /// Waits until all is known. For tests.
    pub fn finish(&mut self) {
        while self.working() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

impl Sweep {
    fn start(
        knob: Knob,
        file: &Recording,
        (place, chosen): (KnobPlace, usize),
        stops: Stops,
        values: Vec<At>,
        wake: Arc<OnceLock<egui::Context>>,
    ) -> Sweep {
        let mut order: Vec<usize> = (0..stops.settings.len()).filter(|i| *i != stops.home).collect();
        order.sort_by_key(|i| i.abs_diff(chosen));
        let (values, stop) = (Arc::new(Mutex::new(values)), Arc::new(AtomicBool::new(false)));
        let (source, profile): (Source, _) = (file.source.clone(), file.profile.clone());
        let (settings, slots, stopped) = (stops.settings.clone(), Arc::clone(&values), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for i in order {
                let progress = |_, _| !stopped.load(Ordering::Relaxed);
                let value = knob.value_at(&source, &profile, &settings[i], progress);
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let value = value.ok().flatten().map_or(At::Nothing, At::Known);
                slots.lock().unwrap_or_else(PoisonError::into_inner)[i] = value;
                if let Some(context) = wake.get() {
                    context.request_repaint();
                }
            }
        });
        Sweep { place, stops, values, stop, thread }
    }
}
