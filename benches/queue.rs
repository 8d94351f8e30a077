//! The engine's event loop against a bare loop over `std::collections::BinaryHeap`: "hold", where each timer that
//! fires re-arms itself after an exponential delay. Both sides do the same work with the same payload.
//!
//! `cargo bench --no-default-features --bench queue`

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use strata::engine::{Model, Scheduler, Simulation, Stream, Time};

const EVENTS: u64 = 100_000;

/// Exponential delays with a mean of 1 µs, drawn beforehand so that both sides only look them up.
struct Delays(Vec<u64>);

impl Delays {
    fn new() -> Delays {
        let mut stream = Stream::new(7, "delays");
        let draw = |_| {
            let uniform = (f64::from(stream.next_u32()) + 1.0) / 4_294_967_297.0;
            (-uniform.ln() * 1e6) as u64
        };
        Delays((0..65_536).map(draw).collect())
    }

    fn of(&self, timer: u32, fired: u64) -> u64 {
        self.0[(u64::from(timer).wrapping_mul(2_654_435_761).wrapping_add(fired) & 65_535) as usize]
    }
}

#[derive(Clone)]
struct Hold {
    delays: std::rc::Rc<Delays>,
    fired: u64,
}

impl std::hash::Hash for Hold {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.fired.hash(hasher);
    }
}

impl Model for Hold {
    type Event = u32;
    type Sink = ();

    fn handle(&mut self, timer: u32, scheduler: &mut Scheduler<u32>, (): &mut ()) {
        self.fired += 1;
        scheduler.after(Time(self.delays.of(timer, self.fired)), timer);
    }
}

fn hold(criterion: &mut Criterion) {
    let delays = std::rc::Rc::new(Delays::new());
    let mut group = criterion.benchmark_group("hold");
    group.throughput(Throughput::Elements(EVENTS));
    for pending in [100u32, 10_000, 1_000_000] {
        group.bench_function(BenchmarkId::new("binary heap, bare", pending), |bencher| {
            let first = (0..pending).map(|timer| Reverse((delays.of(timer, 0), u64::from(timer), timer)));
            let mut heap: BinaryHeap<_> = first.collect();
            let (mut sequence, mut fired) = (u64::from(pending), 0u64);
            bencher.iter(|| {
                for _ in 0..EVENTS {
                    let Some(Reverse((at, _, timer))) = heap.pop() else { break };
                    fired += 1;
                    heap.push(Reverse((at + delays.of(timer, fired), sequence, timer)));
                    sequence += 1;
                }
                fired
            });
        });
        group.bench_function(BenchmarkId::new("strata", pending), |bencher| {
            let first = (0..pending).map(|timer| (Time(delays.of(timer, 0)), timer));
            let mut simulation = Simulation::new(Hold { delays: delays.clone(), fired: 0 }, first);
            bencher.iter(|| {
                for _ in 0..EVENTS {
                    simulation.step(&mut ());
                }
                simulation.events()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
