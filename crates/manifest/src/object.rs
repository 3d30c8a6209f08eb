//! Objects: what each tree says it is, lists unfolded, twins found (rulings E1, E3, E6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fields::{Fields, nearest, text};
use crate::kind::{Kind, groups};
use crate::metadata::Metadata;
use crate::problem::{ObjectError, Warning, WorldError};
use crate::reader::{Read, Reader};
use crate::written::Written;
use crate::yaml::{Forest, Span, Tree};

/// An object of a kind that counts.
pub(crate) struct Object<'n> {
    pub(crate) kind: Kind,
    pub(crate) fields: Fields<'n>,
    pub(crate) metadata: Metadata,
}

/// Sorts trees into objects, and counts what does not matter.
#[derive(Default)]
pub(crate) struct Sorter<'n> {
    pub(crate) objects: Vec<Object<'n>>,
    pub(crate) skipped: BTreeMap<String, usize>,
    pub(crate) written: Vec<Written>,
    seen: BTreeMap<(Kind, String, String), (Tree<'n>, Span)>,
    words: BTreeSet<Arc<str>>,
    forest: Option<&'n Arc<Forest>>,
}

impl<'n> Sorter<'n> {
    /// Takes the trees of one file. What is refused is reported.
    pub(crate) fn take(&mut self, forest: &'n Arc<Forest>, reader: &mut Reader<'_>) {
        self.forest = Some(forest);
        for tree in forest.trees() {
            if let Ok(header) = Header::read(tree, None, reader) {
                self.take_headed(tree, &header, reader);
            }
        }
    }

    fn take_headed(&mut self, node: Tree<'n>, header: &Header<'n>, reader: &mut Reader<'_>) {
        match header.kind.strip_suffix("List") {
            Some(inner) if node.get("items").is_some() || header.is_list() => {
                self.unfold(node, header, inner, reader);
            }
            _ => self.sort(node, header, reader),
        }
    }

    fn unfold(
        &mut self,
        node: Tree<'n>,
        list: &Header<'n>,
        inner: &'n str,
        reader: &mut Reader<'_>,
    ) {
        let Some(items) = node.get("items") else { return };
        let Ok(items) = crate::fields::items(items, "items", reader) else { return };
        let implied = (!inner.is_empty()).then_some((list.version, inner));
        for item in items {
            if let Ok(header) = Header::read(item, implied, reader) {
                self.take_headed(item, &header, reader);
            }
        }
    }

    fn sort(&mut self, node: Tree<'n>, header: &Header<'n>, reader: &mut Reader<'_>) {
        self.write_down(node, header, reader);
        match header.classify(node) {
            Class::Known(kind) => {
                if let Ok(object) = self.known(node, kind, reader) {
                    self.objects.extend(object);
                }
            }
            Class::Skipped => self.skip(header),
            Class::Refused(_) if reader.options.ignore_kinds.contains(&header.full_kind()) => {
                self.skip(header);
            }
            Class::Refused(error) => {
                reader.refuse(header.span, error);
            }
        }
    }

    /// Keeps an object as it is written, whatever becomes of it.
    fn write_down(&mut self, node: Tree<'n>, header: &Header<'n>, reader: &Reader<'_>) {
        let Some(forest) = self.forest else { return };
        let metadata = node.get("metadata");
        let field = |name| metadata.and_then(|metadata| metadata.get(name));
        let name = field("name").or_else(|| field("generateName"));
        let namespace = field("namespace").and_then(Tree::text);
        let namespace = match Kind::find(header.version, header.kind) {
            Some(kind) if !kind.is_namespaced() => "",
            None if groups::is_cluster_scoped(header.kind) => "",
            Some(_) | None => namespace.unwrap_or(&reader.options.default_namespace),
        };
        let span = name.map_or(header.span, Tree::span);
        let document = reader.documents.get(span.document as usize);
        let (api_version, kind) = (self.word(header.version), self.word(header.kind));
        self.written.push(Written {
            api_version,
            kind,
            namespace: namespace.to_owned(),
            name: name.and_then(Tree::text).unwrap_or_default().to_owned(),
            file: document.map_or_else(|| Arc::from(""), |document| Arc::clone(&document.name)),
            span,
            forest: Arc::clone(forest),
            root: node.position(),
        });
    }

    /// A word that many objects have, kept once.
    fn word(&mut self, word: &str) -> Arc<str> {
        if let Some(kept) = self.words.get(word) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = Arc::from(word);
        self.words.insert(Arc::clone(&kept));
        kept
    }

    fn skip(&mut self, header: &Header<'_>) {
        *self.skipped.entry(header.full_kind()).or_default() += 1;
    }

    /// `None` for the second of two equal objects.
    fn known(
        &mut self,
        node: Tree<'n>,
        kind: Kind,
        reader: &mut Reader<'_>,
    ) -> Read<Option<Object<'n>>> {
        let fields = Fields::of(node, kind.name(), reader)?;
        let fields = match kind.is_policy() {
            true => Fields::strict(node, kind.name(), &groups::TOP_LEVEL, reader)?,
            false => fields.reject_near(&groups::TOP_LEVEL, &[], reader)?,
        };
        let metadata = Metadata::read(&fields, reader)?;
        let namespace = match kind.is_namespaced() {
            true => metadata.namespace.clone(),
            false => String::new(),
        };
        let key = (kind, namespace, metadata.name.clone());
        let Some((first, first_span)) = self.seen.get(&key) else {
            self.seen.insert(key, (node, metadata.name_span));
            return Ok(Some(Object { kind, fields, metadata }));
        };
        let (span, other) = (metadata.name_span, *first_span);
        if reader.is_base(span) && !reader.is_base(other) {
            // It was written down last, and nobody is to look for it.
            self.written.pop();
            return Ok(None);
        }
        let object = title(kind, &key.1, &key.2);
        if *first == node {
            reader.warn_pair(span, other, Warning::EqualTwice { object });
            return Ok(None);
        }
        Err(reader.refuse_pair(span, other, WorldError::TwoObjects { object }))
    }
}

fn title(kind: Kind, namespace: &str, name: &str) -> String {
    match namespace {
        "" => format!("{} {name}", kind.name()),
        namespace => format!("{} {namespace}/{name}", kind.name()),
    }
}

/// `apiVersion` and `kind`.
struct Header<'n> {
    version: &'n str,
    kind: &'n str,
    span: Span,
}

enum Class {
    Known(Kind),
    Skipped,
    Refused(ObjectError),
}

impl<'n> Header<'n> {
    fn read(
        node: Tree<'n>,
        implied: Option<(&'n str, &'n str)>,
        reader: &mut Reader<'_>,
    ) -> Read<Self> {
        if !node.is_mapping() {
            return Err(reader.refuse(node.span(), ObjectError::NotAnObject { found: node.what() }));
        }
        let fields = Fields::of(node, "the object", reader)?;
        if let Some((version, kind)) = implied
            && fields.get("kind").is_none()
        {
            return Ok(Self { version, kind, span: node.span() });
        }
        let version = fields.required("apiVersion", reader, text);
        let kind = fields.required("kind", reader, text);
        let span = fields.get("kind").map_or(node.span(), Tree::span);
        Ok(Self { version: version?, kind: kind?, span })
    }

    fn is_list(&self) -> bool {
        self.kind == "List" && self.version == "v1"
    }

    fn group(&self) -> &str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }

    fn full_kind(&self) -> String {
        match self.group() {
            "" => self.kind.to_owned(),
            group => format!("{group}/{}", self.kind),
        }
    }

    fn classify(&self, node: Tree<'_>) -> Class {
        if let Some(kind) = Kind::find(self.version, self.kind) {
            return Class::Known(kind);
        }
        if groups::is_foreign_policy(self.group(), self.kind) {
            return Class::Refused(self.foreign());
        }
        if let Some(wanted) = self.known_elsewhere() {
            let (kind, found) = (self.kind.to_owned(), self.version.to_owned());
            return Class::Refused(ObjectError::WrongVersion { kind, found, wanted });
        }
        if let Some(error) = self.misspelt() {
            return Class::Refused(error);
        }
        if let Some(looks_like) = groups::policy_body(node) {
            let kind = self.kind.to_owned();
            return Class::Refused(ObjectError::PolicyBody { kind, looks_like });
        }
        match groups::sounds_like_policy(self.group(), self.kind) {
            true => Class::Refused(self.foreign()),
            false => Class::Skipped,
        }
    }

    fn foreign(&self) -> ObjectError {
        ObjectError::ForeignPolicy { group: self.group().to_owned(), kind: self.kind.to_owned() }
    }

    /// Where this kind is served, if this group is one that had it or could be meant.
    fn known_elsewhere(&self) -> Option<String> {
        let named = |(_, kind, _): &&(&str, &str, Kind)| *kind == self.kind;
        let (version, _, kind) = Kind::TABLE.iter().find(named)?;
        (kind.is_policy() || groups::had_kinds(self.group())).then(|| (*version).to_owned())
    }

    fn misspelt(&self) -> Option<ObjectError> {
        let ours = Kind::TABLE.iter().filter(|(version, ..)| *version == self.version);
        let kinds: Vec<&str> = ours.map(|(_, kind, _)| *kind).collect();
        let near = nearest(self.kind, &kinds)?;
        Some(ObjectError::UnknownKind {
            kind: self.kind.to_owned(),
            version: self.version.to_owned(),
            near: Some(near.to_owned()),
        })
    }
}
