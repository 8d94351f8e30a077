//! A scene as one animated file: PNG with all its colours, or GIF with 256, which older programs show too.
//!
//! Both keep of each picture only the box in which it differs from the one before. A GIF has one palette for all of
//! its pictures, chosen from some of them, so that nothing flickers.

use std::borrow::Cow;
use std::collections::HashMap;

use color_quant::NeuQuant;

use super::takes::{Maps, Take, take};
use super::{Choices, ExportError};
use crate::app::recording::Recording;
use crate::app::scene::Scene;
use crate::app::shot::{Card, Studio};

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Animated PNG.
    Png,
    /// GIF.
    Gif,
}

/// The most pictures in a file.
const MOST: usize = 900;
/// How long the last picture stands, in hundredths of a second.
const LAST: u16 = 250;
/// Stills closer than this are one, in hundredths of a second: viewers don't show shorter ones in time.
const SHORTEST: u16 = 4;
/// From so many pictures the palette is chosen.
const SAMPLES: usize = 5;

/// A picture: RGB, row by row.
type Pixels = Vec<u8>;

/// The scene (by its index) as an animated file. `progress` is called with how many of all pictures there are, and
/// stops the export when it says false.
///
/// # Errors
/// There is no such scene, no graphics driver, or it was stopped.
pub fn animation(
    recording: &Recording,
    scene: usize,
    choices: &Choices,
    format: Format,
    progress: &dyn Fn(usize, usize) -> bool,
) -> Result<Vec<u8>, ExportError> {
    let scenes = recording.scenario.walkthrough.len();
    if scene >= scenes.max(1) {
        return Err(ExportError::NoScene { wanted: scene + 1, scenes });
    }
    let take = take(recording, scene, choices.rate, &mut Maps::default());
    let stills = timed(&take);
    if stills.len() > MOST {
        let seconds = take.stills.last().map_or(0.0, |still| still.at);
        return Err(ExportError::TooLong { seconds, pictures: stills.len() });
    }
    let mut film = Film { recording, take: &take, choices, scene: None, studio: Studio::new(choices.size)? };
    let (width, height) = choices.size;
    let mut out: Box<dyn Writer> = match format {
        Format::Png => Box::new(Png::new(width, height, stills.len())?),
        Format::Gif => {
            let samples = (0..SAMPLES).map(|n| stills[n * (stills.len() - 1) / (SAMPLES - 1)].0);
            let samples = samples
                .map(|still| Ok::<_, ExportError>(film.picture(still)?.into_raw()))
                .collect::<Result<Vec<_>, _>>()?;
            Box::new(Gif::new(width, height, &samples)?)
        }
    };
    let mut before: Option<Pixels> = None;
    for (i, &(still, delay)) in stills.iter().enumerate() {
        let picture = film.picture(still)?.into_raw();
        let area = before.as_ref().map_or(Area::all(width, height), |before| Area::differs(before, &picture, width));
        out.add(&area.cut(&picture, width), area, delay)?;
        before = Some(picture);
        if !progress(i + 1, stills.len()) {
            return Err(ExportError::Stopped);
        }
    }
    out.finish()
}

/// The first still of a take as a picture.
///
/// # Errors
/// There is no graphics driver.
pub fn still(recording: &Recording, take: &Take, choices: &Choices) -> Result<image::RgbImage, ExportError> {
    let studio = Studio::new(choices.size)?;
    Film { recording, take, choices, scene: None, studio }.picture(0)
}

/// The stills that are shown, each with how long it stands in hundredths of a second.
fn timed(take: &Take) -> Vec<(usize, u16)> {
    let hundredths = |at: f64| (at * 100.0).round() as u32;
    let mut out: Vec<(usize, u16)> = Vec::new();
    let mut since = 0;
    for (i, still) in take.stills.iter().enumerate() {
        let at = hundredths(still.at);
        match out.last_mut() {
            Some((last, delay)) if i > 0 => {
                let stood = (at - since).min(u32::from(u16::MAX)) as u16;
                if stood < SHORTEST {
                    // The later of the two, which may be a crossing.
                    *last = i;
                    continue;
                }
                *delay = stood;
                out.push((i, LAST));
            }
            _ => out.push((i, LAST)),
        }
        since = at;
    }
    out
}

/// Makes the pictures, one after the other.
struct Film<'a> {
    recording: &'a Recording,
    take: &'a Take,
    choices: &'a Choices,
    scene: Option<Scene>,
    studio: Studio,
}

impl Film<'_> {
    fn picture(&mut self, still: usize) -> Result<image::RgbImage, ExportError> {
        let Some(moment) = self.take.stills.get(still).map(|still| still.moment) else {
            return Err(ExportError::Stopped);
        };
        // At its end a scene's question is answered.
        let asked = self.take.asked.as_ref().filter(|_| still + 1 == self.take.stills.len());
        let scene = self.scene.get_or_insert_with(|| self.recording.scene());
        let title = &self.recording.scenario.title;
        let bar = Card::bar(&self.choices.theme, self.choices.size);
        let (width, height) = self.choices.size;
        let inside = Choices { size: (width, height.saturating_sub(bar as u32)), ..self.choices.clone() };
        let drawing = super::draw(self.recording, scene, self.take, (moment, asked), &inside);
        let card = Card::new(drawing, &self.choices.theme, title, moment.time, bar);
        Ok(self.studio.picture(card)?)
    }
}

/// A box of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Area {
    fn all(width: u32, height: u32) -> Area {
        Area { left: 0, top: 0, width, height }
    }

    /// The smallest box outside of which both pictures are equal; one pixel if they are equal everywhere.
    fn differs(before: &[u8], after: &[u8], width: u32) -> Area {
        let row = width as usize * 3;
        let rows = || before.chunks_exact(row).zip(after.chunks_exact(row));
        let (mut left, mut right, mut top, mut bottom) = (width, 0, None, 0);
        for (y, (old, new)) in rows().enumerate().filter(|(_, (old, new))| old != new) {
            top.get_or_insert(y as u32);
            bottom = y as u32 + 1;
            let changed = |x: &usize| old[x * 3..x * 3 + 3] != new[x * 3..x * 3 + 3];
            left = left.min((0..width as usize).find(changed).map_or(width, |x| x as u32));
            right = right.max((0..width as usize).rev().find(changed).map_or(0, |x| x as u32 + 1));
        }
        let Some(top) = top else { return Area { left: 0, top: 0, width: 1, height: 1 } };
        Area { left, top, width: right - left, height: bottom - top }
    }

    fn cut(&self, picture: &[u8], width: u32) -> Pixels {
        let rows = picture.chunks_exact(width as usize * 3).skip(self.top as usize).take(self.height as usize);
        let (from, to) = (self.left as usize * 3, (self.left + self.width) as usize * 3);
        rows.flat_map(|row| &row[from..to]).copied().collect()
    }
}

/// A file in the making.
trait Writer {
    /// Adds a picture that differs from the one before in `area` only, and stands for `delay` hundredths of a second.
    fn add(&mut self, pixels: &[u8], area: Area, delay: u16) -> Result<(), ExportError>;
    /// The whole file.
    fn finish(self: Box<Self>) -> Result<Vec<u8>, ExportError>;
}

/// Bytes that are written by a writer that keeps them to itself until the end.
#[derive(Clone, Default)]
struct Shared(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Png {
    bytes: Shared,
    writer: png::Writer<Shared>,
}

impl Png {
    fn new(width: u32, height: u32, pictures: usize) -> Result<Png, ExportError> {
        let bytes = Shared::default();
        let mut encoder = png::Encoder::new(bytes.clone(), width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(pictures as u32, 0).map_err(ExportError::packing)?;
        let writer = encoder.write_header().map_err(ExportError::packing)?;
        Ok(Png { bytes, writer })
    }
}

impl Writer for Png {
    fn add(&mut self, pixels: &[u8], area: Area, delay: u16) -> Result<(), ExportError> {
        let mut add = || {
            self.writer.reset_frame_position()?;
            self.writer.set_frame_dimension(area.width, area.height)?;
            self.writer.set_frame_position(area.left, area.top)?;
            self.writer.set_frame_delay(delay, 100)?;
            self.writer.set_dispose_op(png::DisposeOp::None)?;
            self.writer.set_blend_op(png::BlendOp::Source)?;
            self.writer.write_image_data(pixels)
        };
        add().map_err(ExportError::packing)
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>, ExportError> {
        self.writer.finish().map_err(ExportError::packing)?;
        Ok(self.bytes.0.take())
    }
}

struct Gif {
    encoder: gif::Encoder<Vec<u8>>,
    palette: NeuQuant,
    known: HashMap<[u8; 3], u8>,
}

impl Gif {
    fn new(width: u32, height: u32, samples: &[Pixels]) -> Result<Gif, ExportError> {
        let four = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2], 255];
        let pixels: Vec<u8> = samples.iter().flat_map(|picture| picture.chunks_exact(3).flat_map(four)).collect();
        let palette = NeuQuant::new(10, 256, &pixels);
        let side = |pixels: u32| u16::try_from(pixels).map_err(ExportError::packing);
        let encoder = gif::Encoder::new(Vec::new(), side(width)?, side(height)?, &palette.color_map_rgb());
        let mut encoder = encoder.map_err(ExportError::packing)?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(ExportError::packing)?;
        Ok(Gif { encoder, palette, known: HashMap::new() })
    }

    fn index(&mut self, pixel: &[u8]) -> u8 {
        let color = [pixel[0], pixel[1], pixel[2]];
        let nearest = || self.palette.index_of(&[color[0], color[1], color[2], 255]) as u8;
        *self.known.entry(color).or_insert_with(nearest)
    }
}

impl Writer for Gif {
    fn add(&mut self, pixels: &[u8], area: Area, delay: u16) -> Result<(), ExportError> {
        let buffer: Vec<u8> = pixels.chunks_exact(3).map(|pixel| self.index(pixel)).collect();
        let side = |pixels: u32| u16::try_from(pixels).map_err(ExportError::packing);
        let frame = gif::Frame {
            delay,
            dispose: gif::DisposalMethod::Keep,
            left: side(area.left)?,
            top: side(area.top)?,
            width: side(area.width)?,
            height: side(area.height)?,
            buffer: Cow::Owned(buffer),
            ..gif::Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(ExportError::packing)
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>, ExportError> {
        self.encoder.into_inner().map_err(ExportError::packing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::export::takes::Still;
    use crate::engine::Time;
    use crate::pace::{Moment, Stage};
    use crate::trace::HopId;

    const SIDE: u32 = 8;

    fn picture(changed: &[(u32, u32)]) -> Pixels {
        let mut pixels = vec![10; (SIDE * SIDE * 3) as usize];
        for (x, y) in changed {
            let at = ((y * SIDE + x) * 3) as usize;
            pixels[at..at + 3].copy_from_slice(&[200, 30, 30]);
        }
        pixels
    }

    #[test]
    fn what_differs_is_cut_out_exactly() {
        let (before, after) = (picture(&[]), picture(&[(2, 3), (5, 4)]));
        let area = Area::differs(&before, &after, SIDE);
        assert_eq!(area, Area { left: 2, top: 3, width: 4, height: 2 });
        assert_eq!(area.cut(&after, SIDE).len(), 4 * 2 * 3);
        assert_eq!(Area::differs(&before, &before, SIDE), Area { left: 0, top: 0, width: 1, height: 1 });
    }

    #[test]
    fn both_formats_can_be_read_again_with_all_pictures() {
        let pictures = [picture(&[]), picture(&[(1, 1)]), picture(&[(1, 1), (6, 6)]), picture(&[(1, 1), (6, 6)])];
        let writers: [Box<dyn Writer>; 2] =
            [Box::new(Png::new(SIDE, SIDE, 4).unwrap()), Box::new(Gif::new(SIDE, SIDE, &pictures).unwrap())];
        let mut files = writers.into_iter().map(|mut writer| {
            for (i, picture) in pictures.iter().enumerate() {
                let area = match i {
                    0 => Area::all(SIDE, SIDE),
                    _ => Area::differs(&pictures[i - 1], picture, SIDE),
                };
                writer.add(&area.cut(picture, SIDE), area, 20).unwrap();
            }
            writer.finish().unwrap()
        });
        let (apng, animated) = (files.next().unwrap(), files.next().unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(apng)).read_info().unwrap();
        assert_eq!(reader.info().animation_control.unwrap().num_frames, 4);
        let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
        assert_eq!(reader.next_frame(&mut buffer).unwrap().buffer_size(), pictures[0].len());
        assert_eq!(buffer, pictures[0]);
        let mut decoder = gif::DecodeOptions::new().read_info(std::io::Cursor::new(animated)).unwrap();
        let mut frames = 0;
        while decoder.read_next_frame().unwrap().is_some() {
            frames += 1;
        }
        assert_eq!(frames, 4);
    }

    #[test]
    fn stills_too_close_for_a_viewer_are_one_and_the_last_stands() {
        let moment =
            Moment { time: Time::ZERO, hop: HopId::NONE, phase: 1.0, stage: Stage::Rest, per_second: Time::ZERO };
        let still = |at: f64| Still { at, moment, stop: true };
        let stills = [0.0, 0.1, 0.11, 0.3].map(still).to_vec();
        let take = Take {
            stills,
            follow: None,
            pointed_at: Vec::new(),
            topic: Default::default(),
            asked: None,
            plays: true,
            happens: true,
            one_in: 1,
        };
        assert_eq!(timed(&take), [(0, 10), (2, 20), (3, LAST)]);
    }
}
