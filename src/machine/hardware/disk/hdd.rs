//! Spinning disks.
//!
//! Real: the arm moves to the track (seek: the further, the longer, less than in proportion, since it speeds up and
//! brakes), waits until the sector comes round (rotation: half a turn on average), and the data pass under the head as
//! fast as the platter turns. One request at a time. The device holds 32 commands (native command queueing) and chooses
//! the order, so that the arm travels less.
//! Modelled: each request lies at a place of its own, drawn evenly over the disk, since a program's reads say which
//! file and not where in it; the time of a seek grows with the square root of the distance from that of one track, such
//! that its mean over all pairs of places is the profile's (C. Ruemmler and J. Wilkes, IEEE Computer 27(3), 1994, on the
//! shape); the rotation is drawn evenly from a turn; the commands held are served in one direction, then from the
//! beginning again (C-SCAN), so that none waits for ever. Left out: more sectors on the outer tracks, settling that takes
//! longer for a write, caches and read-ahead in the disk, requests that follow each other on one track.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Token, What};

use super::{DiskId, transfer};
use crate::machine::frame::RequestId;
use crate::machine::state::Request;
use crate::machine::turn::Turn;

/// The turn that the profile gives is of a disk with so many revolutions a minute.
const PROFILE_RPM: u64 = 7_200;

/// Of a stroke over the whole disk.
const WHOLE: u64 = 1 << 32;

/// How long the arm takes over `distance` of [`WHOLE`]. Over all pairs of places the mean of the square root of the
/// distance is 8/15.
fn seek(track: Time, average: Time, distance: u64) -> Time {
    if distance == 0 {
        return Time::ZERO;
    }
    // The square root in 2^-32: at most 2^32.
    let root = u128::from((distance << 16).isqrt()) << 8;
    let more = u128::from((average - track).as_ps()) * 15 * root / (8 * u128::from(WHOLE));
    track + Time(u64::try_from(more).unwrap_or(u64::MAX))
}

impl Turn<'_> {
    /// The request that the arm goes to next. The device takes commands up to its queue's depth.
    pub(super) fn hdd_next(&mut self, id: DiskId) -> Option<RequestId> {
        let depth = self.f.count(Primitive::SataQueue).max(1);
        let disk = &mut self.s.disks[usize::from(id.0)];
        while (disk.arm.held() as u64) < depth
            && let Some(request) = disk.queue.pop_front()
        {
            let place = disk.stream.next_u32();
            disk.arm.take(place, request);
        }
        let (distance, request) = disk.arm.go()?;
        let [track, average] = [Primitive::HddSeekTrack, Primitive::HddSeekAverage].map(|cost| self.f.time(cost));
        self.s.request_mut(request).seek = seek(track, average, distance);
        Some(request)
    }

    /// Begins to serve a request; returns when that is done.
    pub(super) fn hdd_start(&mut self, id: DiskId, request: RequestId, rpm: u32) -> Time {
        let draw = u128::from(self.s.disks[usize::from(id.0)].stream.next_u32());
        let turn =
            u128::from(self.f.time(Primitive::HddTurn).as_ps()) * u128::from(PROFILE_RPM) / u128::from(rpm.max(1));
        // At most a turn.
        let rotation = Time(((turn * draw) >> 32) as u64);
        let now = self.now;
        let bandwidth = self.f.count(Primitive::HddBandwidth);
        let request = self.s.request_mut(request);
        (request.started, request.rotation) = (now, rotation);
        now + request.seek + rotation + transfer(request.bytes, bandwidth)
    }

    /// What the journey of a request saw of it.
    pub(super) fn hdd_hops(&mut self, component: ComponentId, request: &Request) {
        let found = request.started + request.seek;
        let under_head = found + request.rotation;
        for (what, crossing, start, end) in [
            (Primitive::HddSeekAverage, Crossing::Device, request.started, found),
            (Primitive::HddTurn, Crossing::None, found, under_head),
            (Primitive::HddBandwidth, Crossing::None, under_head, self.now),
        ] {
            self.hardware_hop_until(request.ride, What::Pay(what), component, crossing, Token::IoRequest, start, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_seek_over_all_pairs_of_places_is_the_published_one() {
        let (track, average) = (Time::us(700), Time::us(8_500));
        // A grid over both places.
        let n = 512u64;
        let places = || (0..n).map(|i| i * (WHOLE / n));
        let pairs = places().flat_map(|a| places().map(move |b| seek(track, average, a.abs_diff(b)).as_ps()));
        let mean = pairs.map(u128::from).sum::<u128>() / u128::from(n * n);
        let apart = mean.abs_diff(u128::from(average.as_ps()));
        assert!(apart < u128::from(average.as_ps()) / 100, "{mean}");
        assert_eq!(seek(track, average, 0), Time::ZERO);
        assert!(seek(track, average, 1) >= track);
        assert!(seek(track, average, WHOLE) > average && seek(track, average, WHOLE) < average.times(2));
    }
}
