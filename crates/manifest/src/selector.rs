//! Label selectors and label sets.
//!
//! An absent selector and an empty one are told apart here for the last time.

use model::{Labels, Requirement, Selector, Values};

use crate::check::{label_key, label_value, word};
use crate::fields::{Fields, text};
use crate::problem::ValueError;
use crate::reader::{Read, Reader, all};
use crate::yaml::Tree;

/// `metav1.LabelSelector`; `{}` selects everything.
pub(crate) fn selector(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<Selector> {
    let _ = field;
    let known = ["matchLabels", "matchExpressions"];
    let fields = Fields::strict(node, "a label selector", &known, reader);
    let fields = fields?;
    let labels = fields.optional("matchLabels", reader, labels);
    let expressions = fields.list("matchExpressions", reader, requirement);
    let (labels, expressions) = (labels?.unwrap_or_default(), expressions?);
    let equal = labels.iter().map(|(key, value)| Requirement::equals(key, value));
    Ok(equal.chain(expressions.into_iter().flatten()).collect())
}

/// A mapping of labels.
pub(crate) fn labels(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<Labels> {
    let _ = field;
    let fields = Fields::of(node, "the label set", reader)?;
    let pairs = all(fields.entries(), |entry| {
        let key = label_key(entry.key, entry.key_span, reader);
        let value = match entry.value.is_null() {
            true => Ok(String::new()),
            false => label_value(entry.value, entry.key, reader),
        };
        Ok((key?, value?))
    });
    pairs.map(|pairs| pairs.into_iter().collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Operator {
    const TABLE: [(&'static str, Self); 4] = [
        ("In", Self::In),
        ("NotIn", Self::NotIn),
        ("Exists", Self::Exists),
        ("DoesNotExist", Self::DoesNotExist),
    ];

    fn name(self) -> String {
        let named = Self::TABLE.iter().find(|(_, operator)| *operator == self);
        named.map_or_else(String::new, |(name, _)| (*name).to_owned())
    }
}

fn requirement(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Requirement> {
    let fields =
        Fields::strict(node, "a selector's expression", &["key", "operator", "values"], reader)?;
    let key = fields.required("key", reader, |node, field, reader| {
        label_key(text(node, field, reader)?, node.span(), reader)
    });
    let operator = fields.required("operator", reader, |node, field, reader| {
        word(node, field, &Operator::TABLE, reader)
    });
    let values =
        fields.list("values", reader, |node, _, reader| label_value(node, "values", reader));
    let (key, operator, values) = (key?, operator?, values?.unwrap_or_default());
    let none_wanted = matches!(operator, Operator::Exists | Operator::DoesNotExist);
    if none_wanted && !values.is_empty() {
        let error = ValueError::ValuesForbidden { operator: operator.name() };
        return Err(reader.refuse(node.span(), error));
    }
    match (operator, Values::new(values)) {
        (Operator::Exists, _) => Ok(Requirement::Exists { key }),
        (Operator::DoesNotExist, _) => Ok(Requirement::DoesNotExist { key }),
        (Operator::In, Some(values)) => Ok(Requirement::In { key, values }),
        (Operator::NotIn, Some(values)) => Ok(Requirement::NotIn { key, values }),
        (Operator::In | Operator::NotIn, None) => {
            let error = ValueError::ValuesMissing { operator: operator.name() };
            Err(reader.refuse(node.span(), error))
        }
    }
}
