use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Body, BodyError, edit::records};

/// A document of ISAPI, read from a [`Body`] and written as XML or JSON.
pub trait IsapiDocument: Serialize + Sized {
    /// The root's name.
    const ROOT: &'static str;

    /// Finds the document in a body. `None` if nothing of it is there.
    fn read(body: &Body) -> Option<Self>;

    /// Encodes it as XML. The namespace differs by firmware; devices and this crate
    /// ignore it.
    fn to_xml(&self, namespace: Option<&str>) -> Vec<u8> {
        #[derive(Serialize)]
        struct RootElement<'a, T> {
            #[serde(rename = "@version", skip_serializing_if = "Option::is_none")]
            version: Option<&'a str>,
            #[serde(rename = "@xmlns", skip_serializing_if = "Option::is_none")]
            namespace: Option<&'a str>,
            #[serde(flatten)]
            document: &'a T,
        }
        let root = RootElement {
            version: namespace.map(|_| "2.0"),
            namespace,
            document: self,
        };
        let mut xml = DECLARATION.to_owned();
        // Documents are structs of texts, numbers and lists: none of that can fail.
        let _infallible = quick_xml::se::to_writer_with_root(&mut xml, Self::ROOT, &root);
        xml.into_bytes()
    }

    /// Encodes it as JSON, the root as the only member.
    fn to_json(&self) -> Vec<u8> {
        let document = serde_json::to_value(self).unwrap_or_default();
        let root = serde_json::Map::from_iter([(Self::ROOT.to_owned(), document)]);
        serde_json::Value::Object(root).to_string().into_bytes()
    }
}

/// Reads a list of documents, e.g. the channels of a recorder. Lists may be longer than
/// what a [`Body`] keeps. What is not such a document is left out.
pub fn read_list<D: IsapiDocument>(bytes: &[u8]) -> Result<Vec<D>, BodyError> {
    let bodies = records(bytes, D::ROOT).map_err(|_| BodyError::Malformed)?;
    Ok(bodies.iter().filter_map(D::read).collect())
}

/// Encodes a list of documents below this root.
pub fn list_to_xml<D: IsapiDocument>(root: &str, items: &[D]) -> Vec<u8> {
    let mut xml = DECLARATION.to_owned();
    // As in [`IsapiDocument::to_xml`].
    let _infallible =
        quick_xml::se::to_writer_with_root(&mut xml, root, &BTreeMap::from([(D::ROOT, items)]));
    xml.into_bytes()
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
