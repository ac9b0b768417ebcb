//! glTF through the command: the sample corpus, and the files that documents refer to.

mod corpus;
mod files;
