//! The app's own work on the processor for one frame with 2,000 tokens in flight: taking input, the cutaway, the lanes,
//! the panels, and turning all of it into triangles. What the graphics driver does with them is not counted.
//!
//! `cargo bench --bench frame`

use std::hint::black_box;
use std::time::Instant;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use egui::{Context, Pos2, RawInput, Rect, Vec2};
use strata::app::command::Command;
use strata::app::frame::shell_ui;
use strata::app::settings::Settings;
use strata::app::shell::Shell;
use strata::engine::Time;
use strata::scenario::Source;

const TOKENS: usize = 2000;
const STACKS: usize = 40;
const THREADS: usize = TOKENS / STACKS;
const SIZE: Vec2 = Vec2::new(1600.0, 1000.0);
const FRAME: f64 = 1.0 / 60.0;

/// Forty stacks of fifty threads that read from the disk.
fn crowd() -> Source {
    let stack = |i: usize| {
        let threads = THREADS;
        match i % 4 {
            0 => format!("\"s{i}\": Process(run: \"reader\", threads: {threads})"),
            1 => format!("\"s{i}\": Container(run: \"reader\", threads: {threads})"),
            2 => format!(
                "\"s{i}\": Vm(vcpus: 1, memory: \"1 GiB\", stacks: {{ \"app\": Process(run: \"reader\", threads: {threads}) }})"
            ),
            _ => format!(
                "\"s{i}\": Vm(vcpus: 1, memory: \"1 GiB\", stacks: {{ \"app\": Container(run: \"reader\", threads: {threads}) }})"
            ),
        }
    };
    let stacks: Vec<String> = (0..STACKS).map(stack).collect();
    let text = format!(
        "Scenario(format: 1, id: \"crowd\", title: \"A crowd\", teaches: \"How long a frame takes.\", seed: 1,
         host: Host(cores: 16, memory: \"128 GiB\", disks: {{ \"nvme0\": Nvme(capacity: \"1 TiB\") }}, hypervisor: Kvm),
         programs: {{ \"reader\": [Repeat(times: 20, body: [Compute(\"2 us\"), Read(file: \"data\", bytes: \"4 KiB\", cache: Cold)])] }},
         stacks: {{ {} }})",
        stacks.join(", ")
    );
    Source { name: "crowd.ron".to_owned(), text }
}

/// The window, without a window.
struct Desk {
    context: Context,
    shell: Shell,
    time: f64,
}

impl Desk {
    fn new() -> Desk {
        let mut shell = Shell::new(Settings::default(), None);
        shell.session.run(crowd());
        shell.finish_run();
        assert!(shell.session.recording.is_some(), "{:?}", shell.session.trouble);
        Desk { context: Context::default(), shell, time: 0.0 }
    }

    fn tokens(&self) -> usize {
        let recording = self.shell.session.recording.as_ref();
        let now = self.shell.playback.time();
        recording.map_or(0, |r| r.trace().journeys.iter().filter(|j| j.start <= now && j.end > now).count())
    }

    /// One frame, as far as the triangles.
    fn frame(&mut self) -> usize {
        self.time += FRAME;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.time),
            ..RawInput::default()
        };
        let shell = &mut self.shell;
        let mut output = self.context.run_ui(input, |ui| {
            shell.update(ui.ctx(), FRAME);
            shell_ui(ui, shell);
        });
        // What the driver would take up.
        output.textures_delta.clear();
        self.context.tessellate(output.shapes, output.pixels_per_point).len()
    }
}

fn frame(criterion: &mut Criterion) {
    let mut desk = Desk::new();
    // The most crowded moment: each thread has an operation under way from its first turn on a processor to its last.
    let end = desk.shell.session.recording.as_ref().map_or(Time::ZERO, |r| r.moments.end());
    let mut fullest = (0, Time::ZERO);
    for n in 1..400 {
        let time = Time(end.as_ps() / 400 * n);
        desk.shell.apply(Command::Seek(time));
        fullest = fullest.max((desk.tokens(), time));
    }
    desk.shell.apply(Command::Seek(fullest.1));
    let tokens = desk.tokens();
    assert!(tokens >= TOKENS, "only {tokens} tokens are in flight");
    for _ in 0..10 {
        desk.frame();
    }
    // Playing: time moves with every frame, so nothing can be kept from the one before that changes with it.
    desk.shell.apply(Command::PlayPause);
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let began = Instant::now();
            black_box(desk.frame());
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{tokens} tokens at first, {} at last: median {:.2} ms, slowest {:.2} ms of 200 frames",
        desk.tokens(),
        times[times.len() / 2],
        times[times.len() - 1]
    );
    criterion.bench_function("frame with 2,000 tokens", |bencher| {
        bencher.iter_batched(|| (), |()| desk.frame(), BatchSize::SmallInput);
    });
}

criterion_group!(benches, frame);
criterion_main!(benches);
