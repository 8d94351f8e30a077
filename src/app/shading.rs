//! The colour of a pixel, for computers that draw without a graphics processor.
//!
//! egui multiplies colours as they are stored (sRGB), while the driver reads and blends them as light. Each pixel is
//! thus taken from light to sRGB and back: six powers, which is most of what a frame costs where the cores draw.
//! Here polynomials stand in for the powers; they differ by less than a tenth of a step of 8 bits, so the picture
//! is the same.
//!
//! Left out: nothing that `bevy_egui` asks of its shader; names and places of its inputs are given by its pipeline.

use std::fmt::Write as _;

/// Light from a stored colour above [`DARK`]: coefficients from the constant up, of the stored colour. Least largest
/// error, found by Lawson's iteration over the curve of IEC 61966-2-1.
const TO_LIGHT: [f32; 5] = [0.001_046_2, 0.028_405_1, 0.560_366_2, 0.526_522_5, -0.116_797_7];
/// A stored colour from light above [`DIM`]: coefficients from the constant up, of the light's fourth root.
const TO_STORED: [f32; 4] = [-0.071_760_67, 0.255_793_6, 0.952_580_6, -0.136_828];
/// Up to this stored colour the curve is a line.
const DARK: f32 = 0.040_45;
/// Up to this light the curve is a line.
const DIM: f32 = 0.003_130_8;
/// The line's slope.
const SLOPE: f32 = 12.92;

/// The shader, in WGSL.
pub fn shader() -> String {
    let mut text = String::from(HEAD);
    for (name, argument, inner, limit, line, coefficients) in [
        ("light", "stored", "stored", DARK, format!("stored / {SLOPE}"), &TO_LIGHT[..]),
        ("stored", "light", "sqrt(sqrt(light))", DIM, format!("light * {SLOPE}"), &TO_STORED[..]),
    ] {
        let sum = horner(coefficients);
        // A string takes everything that is written to it.
        let _ = writeln!(
            text,
            "fn {name}_of({argument}: vec3<f32>) -> vec3<f32> {{\n    let x = {inner};\n    \
             return select({sum}, {line}, {argument} <= vec3<f32>({limit}));\n}}\n"
        );
    }
    text + TAIL
}

/// A polynomial of `x`, three numbers at once.
fn horner(coefficients: &[f32]) -> String {
    let mut all = coefficients.iter().rev();
    let highest = all.next().copied().unwrap_or_default();
    all.fold(format!("vec3<f32>({highest})"), |sum, next| format!("({sum} * x + {next})"))
}

const HEAD: &str = "
struct Place {
    scale: vec2<f32>,
    shift: vec2<f32>,
}
struct Corner {
    @location(0) point: vec2<f32>,
    @location(1) uv: vec2<f32>,
    @location(2) color: vec4<f32>,
}
struct Pixel {
    @builtin(position) point: vec4<f32>,
    @location(0) color: vec4<f32>,
    @location(1) uv: vec2<f32>,
}
@group(0) @binding(0) var<uniform> place: Place;
#ifdef BINDLESS
struct Which {
    index: u32,
}
@group(1) @binding(0) var images: binding_array<texture_2d<f32>>;
@group(1) @binding(1) var samplers: binding_array<sampler>;
var<immediate> which: Which;
#else
@group(1) @binding(0) var image: texture_2d<f32>;
@group(1) @binding(1) var how: sampler;
#endif

";

const TAIL: &str = "@vertex
fn vs_main(corner: Corner) -> Pixel {
    return Pixel(vec4<f32>(corner.point * place.scale + place.shift, 0.0, 1.0), corner.color, corner.uv);
}

@fragment
fn fs_main(pixel: Pixel) -> @location(0) vec4<f32> {
#ifdef BINDLESS
    let texel = textureSample(images[which.index], samplers[which.index], pixel.uv);
#else
    let texel = textureSample(image, how, pixel.uv);
#endif
    let color = vec4<f32>(stored_of(texel.rgb), texel.a) * pixel.color;
    return vec4<f32>(light_of(color.rgb), color.a);
}
";

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(coefficients: &[f32], x: f32) -> f32 {
        coefficients.iter().rev().fold(0.0, |sum, next| sum * x + next)
    }

    fn stored_of(light: f32) -> f32 {
        if light <= DIM { light * SLOPE } else { sum(&TO_STORED, light.sqrt().sqrt()) }
    }

    fn light_of(stored: f32) -> f32 {
        if stored <= DARK { stored / SLOPE } else { sum(&TO_LIGHT, stored) }
    }

    fn stored_exactly(light: f32) -> f32 {
        if light <= DIM { light * SLOPE } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
    }

    #[test]
    fn a_cheaper_shader_paints_no_other_colour() {
        for step in 0..=10_000_u16 {
            let stored = f32::from(step) / 10_000.0;
            let light = if stored <= DARK { stored / SLOPE } else { ((stored + 0.055) / 1.055).powf(2.4) };
            let there = (stored_of(light) - stored).abs() * 255.0;
            assert!(there < 0.1, "stored colour {stored} is read {there} of 255 off");
            let back = (stored_exactly(light_of(stored)) - stored).abs() * 255.0;
            assert!(back < 0.1, "stored colour {stored} is painted {back} of 255 off");
        }
    }

    #[test]
    fn the_shader_is_made_of_the_tested_numbers() {
        let shader = shader();
        for number in TO_LIGHT.iter().chain(&TO_STORED) {
            assert!(shader.contains(&format!("{number}")), "{number} is missing in:\n{shader}");
        }
    }
}
