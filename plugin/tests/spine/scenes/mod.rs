//! Scenes through the ECS, from neutral data to a committed container.

mod buffers;
mod cancel;
mod failure;
mod options;
mod order;
mod parse;
mod planning;
mod script;
mod yard;
