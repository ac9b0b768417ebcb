//! RON, the object notation of Rust, as far as manifests need it.
//!
//! Structures `(key: value)`, with or without a name before them, and maps `{"key": value}` are
//! objects. Comments and trailing commas are allowed, and so is the header `#![enable(..)]`. Enum
//! variants, tuples, characters and bytes have no meaning in a manifest and are refused.

use super::{
    text::{Cursor, DEEPEST, Read, SyntaxError},
    tree::{Member, Node, NodeValue},
};

/// Reads a document.
///
/// # Errors
/// The first place that breaks a rule of the format.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut cursor = Cursor::new(text);
    skip_space(&mut cursor)?;
    header(&mut cursor)?;
    let node = value(&mut cursor, 0)?;
    skip_space(&mut cursor)?;
    if cursor.peek().is_some() {
        return cursor.expected("nothing after the document");
    }
    Ok(node)
}

/// `#![enable(implicit_some)]`: the extensions change nothing for the values of a manifest.
fn header(cursor: &mut Cursor) -> Read<()> {
    const EXTENSIONS: [&str; 4] = [
        "unwrap_newtypes",
        "implicit_some",
        "unwrap_variant_newtypes",
        "explicit_struct_names",
    ];
    while cursor.eat("#") {
        for wanted in ["!", "[", "enable", "("] {
            skip_space(cursor)?;
            if !cursor.eat(wanted) {
                return cursor.expected("`#![enable(..)]`");
            }
        }
        loop {
            skip_space(cursor)?;
            if cursor.byte() == b')' {
                break;
            }
            if !EXTENSIONS.iter().any(|known| cursor.eat(known)) {
                return cursor
                    .expected(&format!("one of the extensions {}", EXTENSIONS.join(", ")));
            }
            skip_space(cursor)?;
            if !cursor.eat(",") {
                break;
            }
        }
        for wanted in [")", "]"] {
            skip_space(cursor)?;
            if !cursor.eat(wanted) {
                return cursor.expected(&format!("`{wanted}`"));
            }
        }
        skip_space(cursor)?;
    }
    Ok(())
}

/// White space and comments; block comments nest.
fn skip_space(cursor: &mut Cursor) -> Read<()> {
    loop {
        cursor.take_while(char::is_whitespace);
        if cursor.eat("//") {
            cursor.take_while(|c| c != '\n');
        } else if cursor.rest().starts_with("/*") {
            block_comment(cursor)?;
        } else {
            return Ok(());
        }
    }
}

fn block_comment(cursor: &mut Cursor) -> Read<()> {
    let mut open = 0_usize;
    loop {
        if cursor.eat("/*") {
            open += 1;
        } else if cursor.eat("*/") {
            open -= 1;
            if open == 0 {
                return Ok(());
            }
        } else if cursor.next().is_none() {
            return cursor.expected("the end of a comment");
        }
    }
}

fn value(cursor: &mut Cursor, depth: usize) -> Read<Node> {
    skip_space(cursor)?;
    let at = cursor.at();
    if depth > DEEPEST {
        return cursor.error(format!("values are nested deeper than {DEEPEST} levels"));
    }
    let rest = cursor.rest();
    let value = match cursor.byte() {
        b'{' => map(cursor, depth)?,
        b'(' => structure(cursor, depth)?,
        b'[' => list(cursor, depth)?,
        b'"' => NodeValue::Text(string(cursor)?),
        b'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") || rest.starts_with("r##") => {
            NodeValue::Text(raw_string(cursor)?)
        }
        b'+' | b'-' | b'.' | b'0'..=b'9' => number(cursor)?,
        _ => return word(cursor, depth, at),
    };
    Ok(Node { value, at })
}

/// `true`, `false`, `None`, `Some(value)`, `inf`, `NaN` or a named structure.
fn word(cursor: &mut Cursor, depth: usize, at: u32) -> Read<Node> {
    let rest = cursor.rest();
    let name = identifier(cursor)?;
    let value = match name {
        "true" => NodeValue::Flag(true),
        "false" => NodeValue::Flag(false),
        "None" => NodeValue::Null,
        "inf" => NodeValue::Number(f64::INFINITY),
        "NaN" => NodeValue::Number(f64::NAN),
        _ => {
            skip_space(cursor)?;
            if cursor.byte() != b'(' {
                return Err(SyntaxError {
                    message: format!(
                        "expected a value, found `{}`; words are written in quotes",
                        &rest[..name.len()]
                    ),
                    at,
                });
            }
            if name == "Some" {
                cursor.eat("(");
                let inner = value(cursor, depth + 1)?;
                skip_space(cursor)?;
                cursor.eat(",");
                skip_space(cursor)?;
                if !cursor.eat(")") {
                    return cursor.expected("`)`");
                }
                return Ok(inner);
            }
            structure(cursor, depth)?
        }
    };
    Ok(Node { value, at })
}

/// An identifier, perhaps a raw one such as `r#type`.
fn identifier<'a>(cursor: &mut Cursor<'a>) -> Read<&'a str> {
    cursor.eat("r#");
    let starts = cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !starts {
        return cursor.expected("a value");
    }
    Ok(cursor.take_while(|c| c.is_alphanumeric() || c == '_'))
}

/// `(key: value, ..)`.
fn structure(cursor: &mut Cursor, depth: usize) -> Read<NodeValue> {
    cursor.eat("(");
    members(cursor, depth, ")", |cursor| {
        let is_name = cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !is_name {
            return cursor.expected("the name of a field");
        }
        Ok(identifier(cursor)?.to_owned())
    })
}

/// `{"key": value, ..}`.
fn map(cursor: &mut Cursor, depth: usize) -> Read<NodeValue> {
    cursor.eat("{");
    members(cursor, depth, "}", |cursor| match cursor.byte() {
        b'"' => string(cursor),
        b'r' => raw_string(cursor),
        _ => cursor.expected("a key in quotes"),
    })
}

fn members(
    cursor: &mut Cursor,
    depth: usize,
    end: &str,
    key: impl Fn(&mut Cursor) -> Read<String>,
) -> Read<NodeValue> {
    let mut members = Vec::new();
    loop {
        skip_space(cursor)?;
        if cursor.eat(end) {
            return Ok(NodeValue::Object(members));
        }
        let at = cursor.at();
        let key = key(cursor)?;
        skip_space(cursor)?;
        if !cursor.eat(":") {
            return cursor.expected("`:`");
        }
        let value = value(cursor, depth + 1)?;
        members.push(Member { key, at, value });
        skip_space(cursor)?;
        if !cursor.eat(",") {
            if cursor.eat(end) {
                return Ok(NodeValue::Object(members));
            }
            return cursor.expected(&format!("`,` or `{end}`"));
        }
    }
}

fn list(cursor: &mut Cursor, depth: usize) -> Read<NodeValue> {
    cursor.eat("[");
    let mut items = Vec::new();
    loop {
        skip_space(cursor)?;
        if cursor.eat("]") {
            return Ok(NodeValue::List(items));
        }
        items.push(value(cursor, depth + 1)?);
        skip_space(cursor)?;
        if !cursor.eat(",") {
            if cursor.eat("]") {
                return Ok(NodeValue::List(items));
            }
            return cursor.expected("`,` or `]`");
        }
    }
}

fn string(cursor: &mut Cursor) -> Read<String> {
    cursor.eat("\"");
    let mut text = String::new();
    loop {
        text.push_str(cursor.take_while(|c| c != '"' && c != '\\'));
        match cursor.byte() {
            b'"' => {
                cursor.eat("\"");
                return Ok(text);
            }
            b'\\' => text.extend(escape(cursor)?),
            _ => return cursor.expected("the rest of a string"),
        }
    }
}

/// One escape; a backslash before a line break stands for nothing.
fn escape(cursor: &mut Cursor) -> Read<Option<char>> {
    cursor.eat("\\");
    let simple = match cursor.byte() {
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'0' => '\0',
        b'\n' | b'\r' => {
            cursor.take_while(char::is_whitespace);
            return Ok(None);
        }
        b'x' => {
            cursor.eat("x");
            return hexadecimal(cursor, 2, 2).map(Some);
        }
        b'u' => {
            if !cursor.eat("u{") {
                return cursor.expected("`u{..}`");
            }
            let c = hexadecimal(cursor, 1, 6)?;
            if !cursor.eat("}") {
                return cursor.expected("`}`");
            }
            return Ok(Some(c));
        }
        _ => return cursor.expected("one of \" ' \\ n r t 0 x u after a backslash"),
    };
    cursor.next();
    Ok(Some(simple))
}

fn hexadecimal(cursor: &mut Cursor, least: usize, most: usize) -> Read<char> {
    let digits: String = cursor
        .rest()
        .chars()
        .take(most)
        .take_while(char::is_ascii_hexdigit)
        .collect();
    let code = u32::from_str_radix(&digits, 16)
        .ok()
        .filter(|_| digits.len() >= least);
    match code.and_then(char::from_u32) {
        Some(c) => {
            cursor.eat(&digits);
            Ok(c)
        }
        None => cursor.expected("the hexadecimal code of a character"),
    }
}

/// `r"..."`, `r#"..."#` and so on.
fn raw_string(cursor: &mut Cursor) -> Read<String> {
    cursor.eat("r");
    let hashes = cursor.take_while(|c| c == '#');
    if !cursor.eat("\"") {
        return cursor.expected("a raw string");
    }
    let end = format!("\"{hashes}");
    let rest = cursor.rest();
    let Some(len) = rest.find(&end) else {
        return cursor.expected("the rest of a raw string");
    };
    cursor.eat(&rest[..len]);
    cursor.eat(&end);
    Ok(rest[..len].to_owned())
}

fn number(cursor: &mut Cursor) -> Read<NodeValue> {
    let all = cursor.rest();
    let negative = cursor.eat("-");
    if !negative {
        cursor.eat("+");
    }
    if cursor.rest().starts_with("inf") || cursor.rest().starts_with("NaN") {
        let value = if cursor.eat("inf") {
            f64::INFINITY
        } else {
            f64::NAN
        };
        cursor.eat("NaN");
        return Ok(NodeValue::Number(if negative { -value } else { value }));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if cursor.eat(prefix) {
            let digits = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
            let written = &all[..all.len() - cursor.rest().len()];
            return based(cursor, digits, radix, negative, written);
        }
    }
    let digits = |cursor: &mut Cursor| {
        let digits = cursor.take_while(|c| c.is_ascii_digit() || c == '_');
        digits.bytes().any(|byte| byte != b'_')
    };
    let mut any = digits(cursor);
    let mut whole = true;
    if cursor.eat(".") {
        whole = false;
        any |= digits(cursor);
    }
    if !any {
        return cursor.expected("a digit");
    }
    if cursor.eat("e") || cursor.eat("E") {
        whole = false;
        let _ = cursor.eat("+") || cursor.eat("-");
        if !digits(cursor) {
            return cursor.expected("a digit");
        }
    }
    if cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return cursor.expected("the end of a number");
    }
    let written = &all[..all.len() - cursor.rest().len()];
    let plain = written.replace('_', "");
    if whole {
        let plain = plain.trim_start_matches('+');
        return Ok(plain.parse().map_or_else(
            |_| NodeValue::HugeInteger(written.into()),
            NodeValue::Integer,
        ));
    }
    Ok(NodeValue::Number(plain.parse().unwrap_or(f64::INFINITY)))
}

/// A whole number of another base.
fn based(
    cursor: &Cursor,
    digits: &str,
    radix: u32,
    negative: bool,
    written: &str,
) -> Read<NodeValue> {
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return cursor.error(format!("`{written}` is not a number"));
    }
    let value = i64::from_str_radix(&digits, radix).ok();
    let value = value.map(|value| if negative { -value } else { value });
    Ok(value.map_or_else(
        || NodeValue::HugeInteger(written.into()),
        NodeValue::Integer,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{
        json,
        test_values::{json_value, same_value},
    };
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().message
    }

    /// The same document, as JSON.
    fn as_json(text: &str) -> String {
        parse(text).unwrap().excerpt(10_000)
    }

    #[test]
    fn structures_maps_and_comments() {
        let text = r##"
            // A project.
            #![enable(implicit_some)]
            Manifest( /* nested /* comments */ too */
                version: 1,
                defaults: (texture: (output: "/proj/cooked", bc7_quality: "fast"), scene: ()),
                jobs: [
                    (r#type: "texture", type_: "x", source: r#"a"b\c.png"#, exposure_ev: -1.5),
                    {"type": "gltf", "content_flags": Some({"textures": false,})},
                ],
            )
        "##;
        assert_eq!(
            as_json(text),
            concat!(
                r#"{"version":1,"defaults":{"texture":{"output":"/proj/cooked","bc7_quality":"fast"},"#,
                r#""scene":{}},"jobs":[{"type":"texture","type_":"x","source":"a\"b\\c.png","#,
                r#""exposure_ev":-1.5},{"type":"gltf","content_flags":{"textures":false}}]}"#
            )
        );
    }

    #[test]
    fn numbers() {
        let value = |text: &str| parse(text).unwrap().value;
        assert_eq!(value("1_000"), NodeValue::Integer(1000));
        assert_eq!(value("+7"), NodeValue::Integer(7));
        assert_eq!(value("-0x1F"), NodeValue::Integer(-31));
        assert_eq!(value("0b101"), NodeValue::Integer(5));
        assert_eq!(value("2.0"), NodeValue::Number(2.0));
        assert_eq!(value("1e3"), NodeValue::Number(1000.0));
        assert_eq!(value(".5"), NodeValue::Number(0.5));
        assert_eq!(value("5."), NodeValue::Number(5.0));
        assert_eq!(value("-inf"), NodeValue::Number(f64::NEG_INFINITY));
        assert!(matches!(
            value("99999999999999999999"),
            NodeValue::HugeInteger(_)
        ));
        assert!(error("1x").contains("end of a number"));
        assert!(
            error("0xG").contains("is not a number") && error("0x").contains("is not a number")
        );
        assert!(
            error("1__e").contains("a digit") && error("_").contains("words are written in quotes")
        );
    }

    #[test]
    fn strings() {
        let text = |ron: &str| parse(ron).unwrap().text().unwrap().to_owned();
        assert_eq!(text(r#""a\n\"\'\\\x41\u{1F600}\0""#), "a\n\"'\\A😀\0");
        assert_eq!(text("\"two\nlines\""), "two\nlines");
        assert_eq!(text("\"one \\\n   line\""), "one line");
        assert_eq!(text("r\"C:\\x\""), "C:\\x");
        assert_eq!(text("r##\"a\"#b\"##"), "a\"#b");
        assert!(error("\"a").contains("rest of a string"));
        assert!(error("r#\"a\"").contains("rest of a raw string"));
        assert!(error(r#""\u{110000}""#).contains("hexadecimal"));
        assert!(error(r#""\q""#).contains("after a backslash"));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        assert_eq!(
            error("(type: texture)"),
            "expected a value, found `texture`; words are written in quotes"
        );
        assert_eq!(error("(1, 2)"), "expected the name of a field, found `1`");
        assert_eq!(error("'a'"), "expected a value, found `'`");
        assert_eq!(error("{a: 1}"), "expected a key in quotes, found `a`");
        assert_eq!(
            error("(a: 1) b"),
            "expected nothing after the document, found `b`"
        );
        assert_eq!(
            error("/* x"),
            "expected the end of a comment, found the end of the document"
        );
        assert_eq!(error("(a: 1 b: 2)"), "expected `,` or `)`, found `b`");
        assert!(error("#![enable(everything)] ()").contains("one of the extensions"));
        assert!(error(&"[".repeat(100_000)).contains("nested deeper"));
        assert!(error(&"Some(".repeat(100_000)).contains("nested deeper"));
        assert!(error(&"/*".repeat(100_000)).contains("end of a comment"));
    }

    proptest! {
        /// JSON without nulls and surrogates is RON, too.
        #[test]
        fn json_is_ron(value in json_value()) {
            let text = value.to_string().replace("null", "None");
            prop_assert!(same_value(&parse(&text).unwrap(), &value), "{}", text);
        }

        /// What the crate of the format writes is read, and says the same as its JSON.
        #[test]
        fn another_writer_agrees(flag: bool, number: u32, float: f32, text in ".{0,20}",
                                 list in prop::collection::vec(any::<i16>(), 0..4)) {
            #[derive(serde::Serialize)]
            struct Sample { flag: bool, number: u32, float: f32, text: String, list: Vec<i16>, none: Option<u8> }
            let float = if float.is_finite() { float } else { 0.0 };
            let sample = Sample { flag, number, float, text, list, none: None };
            let json = json::parse(&serde_json::to_string(&sample).unwrap()).unwrap();
            let compact = ron::to_string(&sample).unwrap();
            let pretty = ron::ser::to_string_pretty(&sample, ron::ser::PrettyConfig::new()).unwrap();
            for text in [compact, pretty] {
                let node = parse(&text).unwrap();
                for member in json.members() {
                    let other = node.get(&member.key).unwrap();
                    match (&member.value.value, &other.value) {
                        (NodeValue::Number(a), NodeValue::Number(b)) => prop_assert_eq!(*a as f32, *b as f32),
                        (a, b) => prop_assert_eq!(
                            Node { value: a.clone(), at: 0 }.excerpt(10_000),
                            Node { value: b.clone(), at: 0 }.excerpt(10_000)
                        ),
                    }
                }
            }
        }
    }
}
