//! Giving corners values of their own: a shared vertex whose corners disagree becomes several.

use super::{
    gather::Gathered,
    intern::Interner,
    vertex::{Influences, Vertex},
};

/// Splits vertices by a value of `WORDS` words that is found for each corner.
///
/// The first value that a vertex meets is written into it; each other value makes a copy, once.
pub(super) struct Splitter<const WORDS: usize> {
    /// For each vertex there was at first: the copy that was asked for last, itself, or [`UNTOUCHED`].
    latest: Vec<u32>,
    /// For each copy: the vertex that it was made of.
    origins: Vec<u32>,
    /// Copies by origin and value. Empty until a vertex meets its third value.
    copies: Interner,
    read: fn(&Vertex) -> [u32; WORDS],
    write: fn(&mut Vertex, [u32; WORDS]),
    done: u8,
}

const UNTOUCHED: u32 = u32::MAX;

/// The lists that belong to vertices.
pub(super) struct VertexLists<'a> {
    pub(super) vertices: &'a mut Vec<Vertex>,
    pub(super) influences: &'a mut Vec<Influences>,
    pub(super) to_do: &'a mut Vec<u8>,
}

impl Gathered {
    /// The vertices, and the corners that use them.
    pub(super) fn lists(&mut self) -> (VertexLists<'_>, &mut [u32]) {
        let lists = VertexLists {
            vertices: &mut self.vertices,
            influences: &mut self.influences,
            to_do: &mut self.to_do,
        };
        (lists, &mut self.corners)
    }
}

impl<const WORDS: usize> Splitter<WORDS> {
    /// Splits by what `read` and `write` access. `done` is the flag that is taken from the to-do of
    /// vertices that have got their value.
    pub(super) fn new(
        vertices: usize,
        read: fn(&Vertex) -> [u32; WORDS],
        write: fn(&mut Vertex, [u32; WORDS]),
        done: u8,
    ) -> Self {
        Self {
            latest: vec![UNTOUCHED; vertices],
            origins: Vec::new(),
            copies: Interner::with_capacity(0),
            read,
            write,
            done,
        }
    }

    /// The vertex of a corner that uses `origin`, one of those there were at first, and has `value`.
    #[inline]
    pub(super) fn corner(
        &mut self,
        lists: &mut VertexLists,
        origin: u32,
        value: [u32; WORDS],
    ) -> u32 {
        let latest = self.latest[origin as usize];
        if latest == UNTOUCHED {
            let vertex = &mut lists.vertices[origin as usize];
            (self.write)(vertex, value);
            lists.to_do[origin as usize] &= !self.done;
            self.latest[origin as usize] = origin;
            return origin;
        }
        let has_value = |id: u32, vertices: &[Vertex]| (self.read)(&vertices[id as usize]) == value;
        if has_value(latest, lists.vertices) {
            return latest;
        }
        let id = if latest != origin && has_value(origin, lists.vertices) {
            origin
        } else {
            self.copy(lists, origin, value)
        };
        self.latest[origin as usize] = id;
        id
    }

    fn copy(&mut self, lists: &mut VertexLists, origin: u32, value: [u32; WORDS]) -> u32 {
        let (next, originals) = (lists.vertices.len() as u32, self.latest.len());
        // Mixed in this way, the hash needs no buffer for the origin.
        let hash = self.copies.hash(&value) ^ origin.wrapping_mul(0x9e37_79b9);
        let (origins, read, vertices) = (&self.origins, self.read, &*lists.vertices);
        let id = self.copies.intern(hash, next, |id| {
            let copy = id as usize;
            origins[copy - originals] == origin && read(&vertices[copy]) == value
        });
        if id == next {
            let mut vertex = lists.vertices[origin as usize];
            (self.write)(&mut vertex, value);
            lists.vertices.push(vertex);
            lists.to_do.push(lists.to_do[origin as usize]);
            if let Some(&own) = lists.influences.get(origin as usize) {
                lists.influences.push(own);
            }
            self.origins.push(origin);
        }
        id
    }
}
