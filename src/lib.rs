//! Strata simulates one computer as a stack of layers, so that one can watch what a program sets off below itself:
//! on bare hardware, in a container, in a virtual machine, in a virtual machine inside a virtual machine.
//!
//! A story in three acts.
//!
//! # Act one: describe a machine
//! A [`scenario`] is a text that an author writes: a host, programs, and stacks to run them on. Reading it gives a
//! machine as plain data ([`machine::spec`]), or every mistake at once, each with its line and a suggestion. What one
//! use of each mechanism costs is a profile of its own ([`costs`]), and each number there says where it comes from.
//!
//! # Act two: run it
//! The [`machine`] is one recursion: a kernel runs on processors and never knows whether they are cores or vCPUs; a
//! vCPU is a thread of the kernel below. Processes, containers and virtual machines are born and end during a run, by their
//! programs, by a script or by hand ([`machine::spec::Order`]). The [`engine`] takes one event after the other, in the order of simulated
//! time, which is counted in picoseconds. The same scenario, costs and seed give the same run, bit for bit.
//!
//! # Act three: look at what happened
//! The [`trace`] has a journey for each operation, made of hops: where, for how long, across which boundary, at what
//! price. Starts and ends are records beside them ([`trace::Change`]). All reports are sums over hops. A run can be taken back to any moment of it ([`engine::History`]).
//!
//! ```
//! use strata::{costs::Profile, scenario::{Scenario, Source}, trace::Layer};
//!
//! let text = r#"Scenario(format: 1, id: "twice", title: "A read, twice",
//!     host: Host(cores: 2, memory: "8 GiB", disks: { "nvme0": Nvme(capacity: "1 TiB") }, hypervisor: Kvm),
//!     programs: { "reader": [Read(file: "data", bytes: "4 KiB", cache: Cold)] },
//!     stacks: {
//!         "process": Process(run: "reader"),
//!         "vm": Vm(memory: "2 GiB", stacks: { "app": Process(run: "reader") }),
//!     })"#;
//! let scenario = Scenario::parse(&Source { name: "twice.ron".to_owned(), text: text.to_owned() })?;
//! let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true)?;
//! let [process, vm] = &outcome.stats[..] else { unreachable!("two stacks were described") };
//! assert_eq!(process.exits_total(), 0);
//! assert!(vm.exits_total() > 0 && vm.ledger[Layer::GuestKernel as usize] > 0);
//! assert_eq!(vm.ledger.iter().sum::<u64>(), vm.latency().total); // to the picosecond
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rooms
//! | room | what lives there | may know |
//! |---|---|---|
//! | [`engine`] | simulated time, event queue, random streams, run loop, history; nothing of computers | nobody |
//! | [`costs`] | primitives, provenance, profiles | near, syntax |
//! | [`trace`] | journeys, hops, ledgers, statistics, Perfetto's format | time of the engine, names of costs |
//! | [`pace`] | from the learner's seconds to simulated time and back | trace, names of costs |
//! | [`machine`] | hardware, kernels, hypervisors, containers, programs | engine, costs, trace |
//! | [`scenario`] | the file format, walkthroughs, predictions, expectations | machine and below, pace, near, syntax |
//! | [`probe`] | the real host: what it is made of, what its mechanisms cost | costs |
//! | [`validate`] | the same work simulated and really done, side by side | machine and below, tools of probe |
//! | [`files`] | reading and writing files that somebody named | nobody |
//! | [`amounts`] | amounts written for people | nobody |
//! | `near` | what a name was probably meant to be | nobody |
//! | `syntax` | mistakes in the shape of a text, in words | near, visible |
//! | [`visible`](mod@visible) | text from outside, made safe to show | nobody |
//! | [`cli`] | one file per subcommand | all; of `app`, how to start the window and how to draw one picture |
//! | `app` | the window, with the feature `app` | scenario and below, probe |
//!
//! Nothing below `app` knows bevy or egui; `machine` never reads the host, the clock or a file.

pub mod amounts;
#[cfg(feature = "app")]
pub mod app;
pub mod cli;
pub mod costs;
pub mod engine;
pub mod files;
pub mod machine;
mod near;
pub mod pace;
pub mod probe;
pub mod scenario;
mod syntax;
pub mod trace;
pub mod validate;
pub mod visible;
