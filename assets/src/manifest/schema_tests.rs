//! The JSON Schema says what the checker says.
//!
//! A validator of its own, as small as the schema needs, so that neither the table nor the checker is
//! asked twice.

use super::{Manifest, ManifestFormat, json_schema, rules::JOB, test_values};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Whether a value is valid: the keywords of draft 7 that the schema uses, and no others.
fn valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let keywords = schema.as_object().unwrap();
    keywords
        .iter()
        .all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" => true,
            "$ref" => {
                assert_eq!(keywords.len(), 1, "a reference stands alone");
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                valid(root, root.pointer(pointer).unwrap(), value)
            }
            "allOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|part| valid(root, part, value)),
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                // Draft 7 counts 2.0 as an integer.
                "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
                other => panic!("unknown type {other}"),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value
                .as_f64()
                .is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value
                .as_f64()
                .is_none_or(|number| number <= rule.as_f64().unwrap()),
            "exclusiveMinimum" => value
                .as_f64()
                .is_none_or(|number| number > rule.as_f64().unwrap()),
            "exclusiveMaximum" => value
                .as_f64()
                .is_none_or(|number| number < rule.as_f64().unwrap()),
            "required" => value.as_object().is_none_or(|object| {
                let mut names = rule.as_array().unwrap().iter();
                names.all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| valid(root, rule, item))),
            "properties" => value.as_object().is_none_or(|object| {
                object.iter().all(|(key, inner)| {
                    rule.get(key)
                        .is_none_or(|property| valid(root, property, inner))
                })
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                let known = schema.get("properties");
                let mut others = object
                    .iter()
                    .filter(|(key, _)| known.is_none_or(|known| known.get(key).is_none()));
                match rule {
                    Value::Bool(allowed) => *allowed || others.next().is_none(),
                    rule => others.all(|(_, inner)| valid(root, rule, inner)),
                }
            }),
            other => panic!("unknown keyword {other}"),
        })
}

fn agrees(document: &Value) -> Result<(), String> {
    let schema = json_schema();
    let by_schema = valid(&schema, &schema, document);
    let found = Manifest::parse(document.to_string().as_bytes(), ManifestFormat::Json);
    let by_checker = found.is_ok();
    // The one thing that the schema cannot say.
    let only_form = found.err().is_some_and(|problems| {
        problems.iter().all(|problem| {
            problem.message.contains("must be an integer, found")
                && problem
                    .found
                    .as_deref()
                    .is_some_and(|found| found.contains(".0"))
        })
    });
    if by_schema == by_checker || (by_schema && only_form) {
        Ok(())
    } else {
        Err(format!(
            "{document}: schema {by_schema}, checker {by_checker}"
        ))
    }
}

#[test]
fn examples() {
    let job = json!({"type": "texture", "source": "a.png"});
    for document in [
        json!({"jobs": []}),
        json!({}),
        json!([]),
        json!({"jobs": [job], "version": 1}),
        json!({"jobs": [job], "version": 2}),
        json!({"jobs": [job], "$schema": "x"}),
        json!({"jobs": [{"type": "texture"}]}),
        json!({"jobs": [{"type": "audio", "source": "a"}]}),
        json!({"jobs": [], "concurrency": {"texture": {"workers": 1}}}),
        json!({"jobs": [], "concurrency": {"texture": {"workers": 1, "queue_capacity": 1}}}),
        json!({"jobs": [], "defaults": {"scene": {"mip_policy": "none"}}}),
        json!({"jobs": [], "defaults": {"scene": {"texture_overrides": {"a": {"mip_policy": "none"}}}}}),
        json!({"jobs": [], "defaults": {"scene": {"texture_overrides": {"a": {"name": "none"}}}}}),
        json!({"jobs": [], "defaults": {"scene": {"lod_ratio": 1.0}}}),
        json!({"jobs": [], "defaults": {"scene": {"unit_scale": 1e39}}}),
        json!({"jobs": [], "thread_pool_size": 2.0}),
        json!({"jobs": [], "thread_pool_size": 4_294_967_296_u64}),
    ] {
        agrees(&document).unwrap();
    }
}

proptest! {
    #[test]
    fn every_document(keys in prop::collection::vec((0..60_usize, test_values::json_value()), 0..5), scene: bool,
                      words in prop::collection::vec((0..60_usize, 0..20_usize), 0..5)) {
        let properties: Vec<_> = JOB.properties().collect();
        let mut object = json!({"type": if scene { "gltf" } else { "texture" }, "source": "a"});
        for (key, value) in keys {
            object[properties[key % properties.len()].name] = value;
        }
        for (key, word) in words {
            let property = properties[key % properties.len()];
            if let crate::settings::property::Rule::Token(tokens) = property.rule {
                object[property.name] = tokens[word % tokens.len()].into();
            }
        }
        for document in [
            json!({"jobs": [object]}),
            json!({"jobs": [], "defaults": {"texture": object}}),
            json!({"jobs": [], "defaults": {"scene": object}}),
        ] {
            prop_assert!(agrees(&document).is_ok(), "{}", agrees(&document).unwrap_err());
        }
    }
}
