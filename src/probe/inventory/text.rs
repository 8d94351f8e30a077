//! The inventory as text: the stack as it stands, this process on top.

use super::{Confidence, Inventory, Layer};
use std::fmt::Write;

/// Renders the stack, with or without the evidence.
pub fn render(inventory: &Inventory, evidence: bool) -> String {
    let mut out = String::from("You are here, from this program down to the hardware:\n");
    for layer in inventory.layers.iter().rev() {
        one(&mut out, layer, evidence);
    }
    if !inventory.limits.is_empty() {
        out.push_str("\nLimits in force:\n");
    }
    for limit in &inventory.limits {
        let place = limit.set_at.as_deref().map(|place| format!(", set at {place}")).unwrap_or_default();
        let sure = limit.doubt.filter(|_| limit.confidence == Confidence::Likely);
        let sure = sure.map(|why| format!(" ({why})")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {:<12} {}{place}{sure}", limit.resource.label(), limit.text);
        if evidence {
            for line in &limit.evidence {
                let _ = writeln!(out, "      {line}");
            }
        }
    }
    out
}

fn one(out: &mut String, layer: &Layer, evidence: bool) {
    let _ = writeln!(out, "\n{} [{}] {}", layer.layer.label(), layer.confidence.word(), layer.name);
    if !layer.detail.is_empty() {
        let _ = writeln!(out, "  {}", layer.detail);
    }
    if evidence {
        for line in &layer.evidence {
            let _ = writeln!(out, "    {line}");
        }
    }
}
