import { StreamCursor } from "./streams.js";

/**
 * A position in an attachment's window, and reads and writes there: Go's `io.Reader`, `io.Writer` and `io.Seeker`,
 * numbers, varints, text, arrays, frames and streams. From {@link Attachment.cursor}. Works in place. Between two
 * attachments of one segment, bytes that overlap in the segment may be copied wrongly: the engine cannot see that they do.
 */
export class Cursor extends StreamCursor {}
