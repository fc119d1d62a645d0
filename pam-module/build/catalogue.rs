//! Catalogues of messages: out of Fluent's files, into Rust.
//!
//! What is loaded into a login parses nothing: each message becomes a method, which the compiler
//! holds to its use.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, PatternElement};
use fluent_syntax::parser;

/// The language that every other one is held to.
const REFERENCE: &str = "en";

/// The Rust of an enumeration of the languages with a method for each message, from the `sources`
/// of the catalogues by language.
///
/// # Errors
///
/// What is wrong with the first of them that is not as it must be.
pub(crate) fn compile(sources: &BTreeMap<String, String>) -> Result<String, String> {
    let mut catalogues = BTreeMap::new();
    for (language, source) in sources {
        let located = |why| format!("{language}.ftl: {why}");
        let catalogue = Catalogue::read(language, source).map_err(located)?;
        catalogues.insert(language.as_str(), catalogue);
    }
    let reference = catalogues
        .get(REFERENCE)
        .ok_or_else(|| format!("{REFERENCE}.ftl: it is not there"))?;
    for (language, catalogue) in &catalogues {
        let located = |why| format!("{language}.ftl: {why}");
        catalogue.compare(reference).map_err(located)?;
    }
    Ok(rust(reference, &catalogues))
}

/// The messages of a language by their keys.
struct Catalogue(BTreeMap<String, Text>);

/// What a message says.
struct Text(Vec<Piece>);

enum Piece {
    Words(String),
    /// What the caller fills in, by its name.
    Value(String),
}

impl Catalogue {
    fn read(language: &str, source: &str) -> Result<Self, String> {
        if language.is_empty() || !language.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err("a language has a name of small letters, such as en".to_owned());
        }
        let resource = parser::parse(source).map_err(|(_, errors)| {
            let line = |at: usize| source.bytes().take(at).filter(|b| *b == b'\n').count() + 1;
            let errors = errors
                .iter()
                .map(|e| format!("line {}: {e}", line(e.pos.start)));
            errors.collect::<Vec<_>>().join("; ")
        })?;
        let mut texts = BTreeMap::new();
        for entry in resource.body {
            let message = match entry {
                Entry::Message(message) => message,
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
                Entry::Term(term) => return Err(format!("-{}: a term", term.id.name)),
                Entry::Junk { content } => return Err(format!("not understood: {content}")),
            };
            let key = message.id.name;
            if !key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                return Err(format!("{key}: a key has small letters and hyphens"));
            }
            let text = Text::read(&message).map_err(|why| format!("{key}: {why}"))?;
            if texts.insert(key.to_owned(), text).is_some() {
                return Err(format!("{key}: it is there twice"));
            }
        }
        Ok(Self(texts))
    }

    /// Whether it has the messages of `reference` and no others, with the same values in them.
    fn compare(&self, reference: &Self) -> Result<(), String> {
        if let Some(key) = self.0.keys().find(|key| !reference.0.contains_key(*key)) {
            return Err(format!("{key}: {REFERENCE}.ftl has no such key"));
        }
        for (key, expected) in &reference.0 {
            let Some(text) = self.0.get(key) else {
                return Err(format!("{key}: it is missing"));
            };
            let (values, expected) = (text.values(), expected.values());
            if let Some(value) = values.difference(&expected).next() {
                return Err(format!("{key}: {REFERENCE}.ftl has no ${value} there"));
            }
            if let Some(value) = expected.difference(&values).next() {
                return Err(format!("{key}: ${value} is missing"));
            }
        }
        Ok(())
    }
}

impl Text {
    fn read(message: &Message<&str>) -> Result<Self, &'static str> {
        if !message.attributes.is_empty() {
            return Err("it has an attribute");
        }
        let pattern = message.value.as_ref().ok_or("it says nothing")?;
        let piece = |element: &PatternElement<&str>| match element {
            PatternElement::TextElement { value } if value.contains(char::is_control) => {
                Err("it has more than a line, or a control character")
            }
            PatternElement::TextElement { value } => Ok(Piece::Words((*value).to_owned())),
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } if id.name.bytes().all(|b| b.is_ascii_lowercase()) => {
                Ok(Piece::Value(id.name.to_owned()))
            }
            PatternElement::Placeable { .. } => Err("only { $name } can stand in braces"),
        };
        let pieces = pattern.elements.iter().map(piece);
        pieces.collect::<Result<_, _>>().map(Self)
    }

    fn values(&self) -> BTreeSet<&str> {
        let values = self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name.as_str()),
            Piece::Words(_) => None,
        });
        values.collect()
    }

    /// An expression that is this text.
    fn rust(&self) -> String {
        let words: String = self
            .0
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.clone(),
                Piece::Value(name) => format!("{{{name}}}"),
            })
            .collect();
        if self.values().is_empty() {
            format!("{words:?}")
        } else {
            format!("format!({words:?})")
        }
    }
}

/// An enumeration of the languages, with a method for each message.
fn rust(reference: &Catalogue, catalogues: &BTreeMap<&str, Catalogue>) -> String {
    let (mut variants, mut all, mut names) = (String::new(), String::new(), String::new());
    for language in catalogues.keys() {
        let variant = variant(language);
        variants += &format!("{variant},\n");
        all += &format!("Self::{variant}, ");
        names += &format!("{language:?} => Some(Self::{variant}),\n");
    }
    let methods: String = reference
        .0
        .iter()
        .map(|(key, text)| method(key, &text.values(), catalogues))
        .collect();
    format!(
        "/// A language that there is a catalogue of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {{
{variants}}}
#[deny(dead_code, reason = \"a key that nobody uses\")]
impl Language {{
#[cfg(test)]
pub(crate) const ALL: &[Self] = &[{all}];
pub(crate) fn named(name: &str) -> Option<Self> {{
match name {{
{names}_ => None,
}}
}}
{methods}}}
"
    )
}

fn method(key: &str, values: &BTreeSet<&str>, catalogues: &BTreeMap<&str, Catalogue>) -> String {
    let name = key.replace('-', "_");
    let arguments: String = values
        .iter()
        .map(|value| format!(", {value}: impl std::fmt::Display"))
        .collect();
    let result = if values.is_empty() {
        "&'static str"
    } else {
        "String"
    };
    let mut arms = String::new();
    for (language, catalogue) in catalogues {
        if let Some(text) = catalogue.0.get(key) {
            arms += &format!("Self::{} => {},\n", variant(language), text.rust());
        }
    }
    format!("pub(crate) fn {name}(self{arguments}) -> {result} {{\nmatch self {{\n{arms}}}\n}}\n")
}

fn variant(language: &str) -> String {
    let (first, rest) = language.split_at(1);
    first.to_ascii_uppercase() + rest
}
