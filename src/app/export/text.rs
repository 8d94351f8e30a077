//! Words for files: escaped for HTML and SVG, and Markdown as HTML.
//!
//! Everything that a scenario says passes through here. Of Markdown, what the window shows is kept: paragraphs,
//! emphasis, code, lists, headings, quotations. Raw HTML and pictures come out as the text that they are, and links as
//! their words and address: a page that loads nothing has nothing to leave for either.

use egui::Color32;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::scenario::NUMBER;

/// `text` as the content of an element or an attribute, of HTML, XML or both. Control characters, which XML has no
/// place for, are left out, and so are the line ends that only JavaScript knows.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What ends a CDATA section needs a square bracket.
            ']' => out.push_str("&#93;"),
            '\u{2028}' | '\u{2029}' | '\n' => out.push('\n'),
            '\t' => out.push('\t'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// `#RRGGBB`.
pub fn hex(color: Color32) -> String {
    format!("#{:02x}{:02x}{:02x}", color.r(), color.g(), color.b())
}

/// Markdown as HTML that has no more than text and its structure.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    let mut links = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(tag) => begin(tag, &mut links, &mut out),
            Event::End(tag) => end(tag, &mut links, &mut out),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => out += &escaped(&text),
            Event::Code(text) => out += &format!("<code>{}</code>", escaped(&text)),
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out += "<br>",
            Event::Rule => out += "<hr>",
            _ => {}
        }
    }
    out
}

fn level(level: HeadingLevel) -> &'static str {
    // A scene's own heading is the second of the page.
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => "h3",
        _ => "h4",
    }
}

fn begin(tag: Tag, links: &mut Vec<String>, out: &mut String) {
    match tag {
        Tag::Paragraph => *out += "<p>",
        Tag::Heading { level: of, .. } => *out += &format!("<{}>", level(of)),
        Tag::BlockQuote(_) => *out += "<blockquote>",
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => *out += "<pre><code>",
        Tag::List(Some(first)) => *out += &format!("<ol start=\"{first}\">"),
        Tag::List(None) => *out += "<ul>",
        Tag::Item => *out += "<li>",
        Tag::Emphasis => *out += "<em>",
        Tag::Strong => *out += "<strong>",
        Tag::Strikethrough => *out += "<s>",
        // A number of the run, and where it comes from.
        Tag::Link { dest_url, title, .. } if &*dest_url == NUMBER => {
            links.push(NUMBER.to_owned());
            *out += &format!("<span class=\"number\" title=\"{}\">", escaped(&title));
        }
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => links.push(dest_url.to_string()),
        _ => {}
    }
}

fn end(tag: TagEnd, links: &mut Vec<String>, out: &mut String) {
    match tag {
        TagEnd::Paragraph => *out += "</p>",
        TagEnd::Heading(of) => *out += &format!("</{}>", level(of)),
        TagEnd::BlockQuote(_) => *out += "</blockquote>",
        TagEnd::CodeBlock => *out += "</code></pre>",
        TagEnd::List(true) => *out += "</ol>",
        TagEnd::List(false) => *out += "</ul>",
        TagEnd::Item => *out += "</li>",
        TagEnd::Emphasis => *out += "</em>",
        TagEnd::Strong => *out += "</strong>",
        TagEnd::Strikethrough => *out += "</s>",
        TagEnd::Link | TagEnd::Image => match links.pop() {
            Some(address) if address == NUMBER => *out += "</span>",
            Some(address) if !address.is_empty() => *out += &format!(" ({})", escaped(&address)),
            _ => {}
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_structure_and_nothing_that_runs_or_loads() {
        let html = markdown(
            "One **bold** and *soft* `<b>`.\n\n<script>alert(1)</script>\n\n- [here](javascript:alert(1))\n- ![x](http://example.org/x.png)\n\n]]> \u{2028}end",
        );
        assert!(html.contains("<strong>bold</strong> and <em>soft</em> <code>&lt;b&gt;</code>"), "{html}");
        for wrong in ["<script", "<img", "<a ", "href", "src=", "]]>", "\u{2028}"] {
            assert!(!html.contains(wrong), "{wrong} in {html}");
        }
        assert!(html.contains("<ul><li>"), "{html}");
    }

    #[test]
    fn escaped_text_can_end_no_element_attribute_or_script() {
        let text = escaped("</script><!-- \"' & ]]> \u{0}\u{b}\u{2029}");
        assert!(!text.contains(['<', '>', '"', '\'', ']', '\u{0}', '\u{b}', '\u{2029}']), "{text}");
    }
}
