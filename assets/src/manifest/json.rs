//! JSON (RFC 8259), strictly: no comments, no trailing commas, nothing after the value.

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
    let node = value(&mut cursor, 0)?;
    skip_space(&mut cursor);
    if cursor.peek().is_some() {
        return cursor.expected("nothing after the document");
    }
    Ok(node)
}

fn skip_space(cursor: &mut Cursor) {
    cursor.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
}

fn value(cursor: &mut Cursor, depth: usize) -> Read<Node> {
    skip_space(cursor);
    let at = cursor.at();
    if depth > DEEPEST {
        return cursor.error(format!("values are nested deeper than {DEEPEST} levels"));
    }
    let value = match cursor.byte() {
        b'{' => object(cursor, depth)?,
        b'[' => list(cursor, depth)?,
        b'"' => NodeValue::Text(string(cursor)?),
        b'-' | b'0'..=b'9' => number(cursor)?,
        b'a'..=b'z' | b'A'..=b'Z' => word(cursor)?,
        b'/' => return cursor.error("comments are not part of JSON"),
        _ => return cursor.expected("a value"),
    };
    Ok(Node { value, at })
}

fn word(cursor: &mut Cursor) -> Read<NodeValue> {
    let words = [
        ("null", NodeValue::Null),
        ("true", NodeValue::Flag(true)),
        ("false", NodeValue::Flag(false)),
    ];
    let rest = cursor.rest();
    let found = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(rest, |end| &rest[..end]);
    for (word, value) in words {
        if found == word {
            cursor.eat(word);
            return Ok(value);
        }
    }
    cursor.expected("a value")
}

fn object(cursor: &mut Cursor, depth: usize) -> Read<NodeValue> {
    cursor.eat("{");
    skip_space(cursor);
    let mut members = Vec::new();
    if cursor.eat("}") {
        return Ok(NodeValue::Object(members));
    }
    loop {
        skip_space(cursor);
        let at = cursor.at();
        if cursor.byte() != b'"' {
            return cursor.expected("a key in quotes");
        }
        let key = string(cursor)?;
        skip_space(cursor);
        if !cursor.eat(":") {
            return cursor.expected("`:`");
        }
        let value = value(cursor, depth + 1)?;
        members.push(Member { key, at, value });
        skip_space(cursor);
        if cursor.eat("}") {
            return Ok(NodeValue::Object(members));
        }
        if !cursor.eat(",") {
            return cursor.expected("`,` or `}`");
        }
    }
}

fn list(cursor: &mut Cursor, depth: usize) -> Read<NodeValue> {
    cursor.eat("[");
    skip_space(cursor);
    let mut items = Vec::new();
    if cursor.eat("]") {
        return Ok(NodeValue::List(items));
    }
    loop {
        items.push(value(cursor, depth + 1)?);
        skip_space(cursor);
        if cursor.eat("]") {
            return Ok(NodeValue::List(items));
        }
        if !cursor.eat(",") {
            return cursor.expected("`,` or `]`");
        }
    }
}

fn string(cursor: &mut Cursor) -> Read<String> {
    cursor.eat("\"");
    let mut text = cursor
        .take_while(|c| c != '"' && c != '\\' && c >= ' ')
        .to_owned();
    loop {
        match cursor.byte() {
            b'"' => {
                cursor.eat("\"");
                return Ok(text);
            }
            b'\\' => text.push(escape(cursor)?),
            _ => match cursor.peek() {
                Some(c) if c >= ' ' => {
                    text.push_str(cursor.take_while(|c| c != '"' && c != '\\' && c >= ' '));
                }
                _ => return cursor.expected("the rest of a string"),
            },
        }
    }
}

fn escape(cursor: &mut Cursor) -> Read<char> {
    cursor.eat("\\");
    let simple = match cursor.byte() {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            cursor.eat("u");
            return unicode(cursor);
        }
        _ => return cursor.expected("one of \" \\ / b f n r t u after a backslash"),
    };
    cursor.next();
    Ok(simple)
}

/// `\uXXXX`, or two of them that are a surrogate pair.
fn unicode(cursor: &mut Cursor) -> Read<char> {
    let first = cursor.hex4()?;
    if let Some(c) = char::from_u32(first) {
        return Ok(c);
    }
    let paired = (0xD800..0xDC00).contains(&first) && cursor.eat("\\u");
    let second = if paired { cursor.hex4()? } else { 0 };
    if !(0xDC00..0xE000).contains(&second) {
        return cursor.error("half of a surrogate pair");
    }
    let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    char::from_u32(code).map_or_else(|| cursor.error("no such character"), Ok)
}

fn number(cursor: &mut Cursor) -> Read<NodeValue> {
    let all = cursor.rest();
    let digits = |cursor: &mut Cursor| match cursor.take_while(|c| c.is_ascii_digit()) {
        "" => cursor.expected("a digit"),
        digits => Ok(digits.len()),
    };
    cursor.eat("-");
    let leading_zero = cursor.byte() == b'0';
    if digits(cursor)? > 1 && leading_zero {
        return cursor.error("a number has no leading zeros");
    }
    let mut whole = true;
    if cursor.eat(".") {
        whole = false;
        digits(cursor)?;
    }
    if cursor.eat("e") || cursor.eat("E") {
        whole = false;
        let _ = cursor.eat("+") || cursor.eat("-");
        digits(cursor)?;
    }
    let text = &all[..all.len() - cursor.rest().len()];
    if whole {
        return Ok(text
            .parse()
            .map_or_else(|_| NodeValue::HugeInteger(text.into()), NodeValue::Integer));
    }
    // Every text of this form is a number for Rust, if perhaps an infinite one.
    Ok(NodeValue::Number(text.parse().unwrap_or(f64::INFINITY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::test_values::{json_value, same_value};
    use proptest::prelude::*;

    fn error(text: &str) -> (String, u32) {
        let error = parse(text).unwrap_err();
        (error.message, error.at)
    }

    #[test]
    fn places_are_kept() {
        let node = parse("\u{feff}{ \"a\": [1, 2.0, {\"b~/\": null}] }").unwrap();
        assert_eq!(node.at, 3);
        assert_eq!(node.pointer("/a/1").unwrap().at, 14);
        assert_eq!(node.pointer("/a/2/b~0~1").unwrap().value, NodeValue::Null);
        assert_eq!(node.members()[0].at, 5);
        assert!(node.pointer("/a/3").is_none() && node.pointer("a").is_none());
        assert_eq!(node.excerpt(100), r#"{"a":[1,2.0,{"b~/":null}]}"#);
        assert_eq!(node.excerpt(8), r#"{"a":[1,2.0…"#);
    }

    #[test]
    fn numbers_are_integers_only_when_they_are_written_so() {
        let value = |text: &str| parse(text).unwrap().value;
        assert_eq!(value("-0"), NodeValue::Integer(0));
        assert_eq!(value("2"), NodeValue::Integer(2));
        assert_eq!(value("2.0"), NodeValue::Number(2.0));
        assert_eq!(value("1e1"), NodeValue::Number(10.0));
        let huge = "18446744073709551616";
        assert_eq!(value(huge), NodeValue::HugeInteger(huge.into()));
    }

    #[test]
    fn strings() {
        let text = |json: &str| parse(json).unwrap().text().unwrap().to_owned();
        assert_eq!(
            text(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#),
            "a\"\\/\u{8}\u{c}\n\r\té😀é"
        );
        assert_eq!(error(r#""\ud83d""#).0, "half of a surrogate pair");
        assert_eq!(error(r#""\ud83d\u0041""#).0, "half of a surrogate pair");
        assert_eq!(error(r#""\ude00""#).0, "half of a surrogate pair");
        assert!(error(r#""\x""#).0.starts_with("expected one of"));
        assert_eq!(
            error("\"a\nb\""),
            (
                "expected the rest of a string, found the character U+000A".into(),
                2
            )
        );
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let cases = [
            ("", "expected a value, found the end of the document", 0),
            (
                "{",
                "expected a key in quotes, found the end of the document",
                1,
            ),
            (
                "{\"jobs\": [",
                "expected a value, found the end of the document",
                10,
            ),
            ("{\"a\": 1,}", "expected a key in quotes, found `}`", 8),
            ("[1,]", "expected a value, found `]`", 3),
            ("[1 2]", "expected `,` or `]`, found `2`", 3),
            ("{a: 1}", "expected a key in quotes, found `a`", 1),
            ("// x", "comments are not part of JSON", 0),
            (
                "{} // x",
                "expected nothing after the document, found `/`",
                3,
            ),
            ("{} {}", "expected nothing after the document, found `{`", 3),
            ("nul", "expected a value, found `nul`", 0),
            ("nullx", "expected a value, found `nullx`", 0),
            ("01", "a number has no leading zeros", 2),
            ("1.", "expected a digit, found the end of the document", 2),
            ("-", "expected a digit, found the end of the document", 1),
            (".5", "expected a value, found `.`", 0),
            ("1e", "expected a digit, found the end of the document", 2),
            ("'a'", "expected a value, found `'`", 0),
            ("NaN", "expected a value, found `NaN`", 0),
        ];
        for (text, message, at) in cases {
            assert_eq!(error(text), (message.to_owned(), at), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(DEEPEST)).is_ok());
        assert!(error(&nested(100_000)).0.contains("nested deeper"));
        assert!(
            error(&"{\"a\":".repeat(100_000))
                .0
                .contains("nested deeper")
        );
    }

    proptest! {
        #[test]
        fn everything_that_is_written_is_read(value in json_value()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                prop_assert!(same_value(&parse(&text).unwrap(), &value), "{}", text);
            }
        }

        /// Whatever the text, both readers agree on whether it is JSON, and on what it says.
        #[test]
        fn another_reader_agrees(text in r#"[\[\]{},:"0-9a-z\\eE+. \-]{0,12}"#) {
            match (parse(&text), serde_json::from_str::<serde_json::Value>(&text)) {
                (Ok(node), Ok(value)) => prop_assert!(same_value(&node, &value), "{}", text),
                (Err(_), Err(_)) => {}
                // Numbers out of the range of 64-bit floats are found by the rules.
                (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("out of range"), "{}", text),
                (Err(error), Ok(_)) => prop_assert!(false, "{}: {}", text, error),
            }
        }
    }
}
