//! Triangle lists, whatever a primitive is made of.

use gltf::json::mesh::Mode;

/// How triangles follow from a row of vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topology {
    /// Three vertices each.
    List,
    /// Each vertex makes a triangle with the two before it.
    Strip,
    /// Each vertex makes a triangle with the one before it and the first one.
    Fan,
}

impl Topology {
    /// The topology of a mode, or `None` for points and lines.
    pub(super) fn of(mode: Mode) -> Option<Self> {
        match mode {
            Mode::Triangles => Some(Self::List),
            Mode::TriangleStrip => Some(Self::Strip),
            Mode::TriangleFan => Some(Self::Fan),
            Mode::Points | Mode::Lines | Mode::LineLoop | Mode::LineStrip => None,
        }
    }

    /// The most corners that `count` vertices make.
    pub(super) fn corners(self, count: usize) -> u64 {
        match self {
            Self::List => count as u64,
            Self::Strip | Self::Fan => (count as u64).saturating_sub(2).saturating_mul(3),
        }
    }

    /// Triangles in the order of glTF 2.0, section 3.7.2.1, which gives all of them the winding of a list.
    /// Triangles of a strip or fan that touch a vertex twice are only there to lead on, and left out,
    /// unless there are no others.
    pub(super) fn triangles(self, row: Vec<u32>) -> Vec<u32> {
        let triangle: fn(usize, [u32; 3]) -> [u32; 3] = match self {
            Self::List => return row,
            Self::Strip => |at, [a, b, c]| if at % 2 == 0 { [a, b, c] } else { [a, c, b] },
            Self::Fan => |_, [first, b, c]| [b, c, first],
        };
        let first = row.first().copied();
        let all = row.array_windows().enumerate().map(|(at, &[a, b, c])| {
            let a = match (self, first) {
                (Self::Fan, Some(first)) => first,
                _ => a,
            };
            triangle(at, [a, b, c])
        });
        let mut triangles = Vec::with_capacity(row.len().saturating_sub(2).saturating_mul(3));
        triangles.extend(
            all.clone()
                .filter(|[a, b, c]| a != b && b != c && a != c)
                .flatten(),
        );
        if triangles.is_empty() {
            triangles.extend(all.flatten());
        }
        triangles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_and_fans_become_lists_of_one_winding() {
        let row = |count: u32| (10..10 + count).collect::<Vec<u32>>();
        let list = |topology: Topology, count| topology.triangles(row(count));
        assert_eq!(list(Topology::List, 6), row(6));
        assert_eq!(
            list(Topology::Strip, 5),
            [10, 11, 12, 11, 13, 12, 12, 13, 14]
        );
        assert_eq!(list(Topology::Fan, 5), [11, 12, 10, 12, 13, 10, 13, 14, 10]);
        for topology in [Topology::Strip, Topology::Fan] {
            for count in 0..3 {
                assert!(list(topology, count).is_empty());
                assert_eq!(topology.corners(count as usize), 0);
            }
            assert_eq!(topology.corners(5), 9);
        }
        assert_eq!(Topology::List.corners(5), 5);
    }

    #[test]
    fn stitches_are_left_out_and_keep_the_winding() {
        // Two quads in one strip.
        let strip = vec![0, 1, 2, 3, 3, 4, 4, 5, 6, 7];
        assert_eq!(
            Topology::Strip.triangles(strip),
            [0, 1, 2, 1, 3, 2, 4, 5, 6, 5, 7, 6]
        );
        assert_eq!(Topology::Fan.triangles(vec![0, 1, 1, 0, 2, 3]), [2, 3, 0]);
        assert_eq!(Topology::Strip.triangles(vec![5, 5, 6]), [5, 5, 6]);
    }
}
