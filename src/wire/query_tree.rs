//! Parameters as they were sent: to be kept, laid over others, and read again later.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was sent below a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tree {
    Value(String),
    /// In the order of the indexes.
    List(Vec<Tree>),
    Members(BTreeMap<String, Tree>),
}

impl Tree {
    /// A structure of those members that are there.
    pub fn members<const N: usize>(members: [(&str, Option<Tree>); N]) -> Tree {
        let there = members.into_iter().filter_map(|(name, tree)| Some((name.to_owned(), tree?)));
        Tree::Members(there.collect())
    }

    /// A member of a structure.
    pub fn member(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Members(members) => members.get(name),
            Tree::Value(_) | Tree::List(_) => None,
        }
    }

    /// This where it says something, `base` elsewhere. Lists are taken whole.
    pub fn over(self, base: Tree) -> Tree {
        match (self, base) {
            (Tree::Members(mine), Tree::Members(mut merged)) => {
                for (name, tree) in mine {
                    let merged_tree = match merged.remove(&name) {
                        Some(under) => tree.over(under),
                        None => tree,
                    };
                    merged.insert(name, merged_tree);
                }
                Tree::Members(merged)
            }
            (mine, _) => mine,
        }
    }

    /// The JSON that a row keeps.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data becomes JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::Form;

    fn tree(form: &str) -> Tree {
        Form::parse(&[form.as_bytes()]).unwrap().params().tree()
    }

    #[test]
    fn a_tree_is_kept_and_becomes_the_form_again() {
        let sent = tree("A=1&L.1.K=x&L.1.V=y&L.2.K=z&M.N=2&S.1=a&S.2=b");
        assert_eq!(serde_json::from_str::<Tree>(&sent.to_json()).unwrap(), sent);
        assert_eq!(sent.to_form().params().tree(), sent);
        assert_eq!(sent.to_form().params().structs("L")[1].opt("K"), Some("z"));
    }

    #[test]
    fn what_lies_over_wins_member_by_member() {
        let merged = tree("A=1&M.X=1&L.1=a").over(tree("B=2&M.X=0&M.Y=2&L.1=b&L.2=c"));
        assert_eq!(merged, tree("A=1&B=2&M.X=1&M.Y=2&L.1=a"));
    }
}
