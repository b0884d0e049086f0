// What the suites work on: attachments of the sysv host that leave no segment behind.
import { type Attachment, type CoreName, createShm, type Segment, type Shm } from "wasm-shm";

/** The core that is measured. */
export type Variant = CoreName;

/** The core's name as rivals have it: "wasm core". */
export const coreOf = (variant: Variant): string => `${variant} core`;

/** An instance of the package whose attachments run on that core. */
export const shmOf = (variant: Variant): Shm => createShm({ host: "sysv", core: variant });

/**
 * Calls `work` with an attachment of a new segment. The segment is destroyed before `work` begins. It then lives until
 * the detach, so that not even a SIGKILL leaves it behind.
 */
export async function withAttachment(
  variant: Variant,
  size: number,
  work: (attachment: Attachment, segment: Segment) => Promise<void>,
): Promise<void> {
  const segment = shmOf(variant).create(size);
  try {
    const attachment = segment.attach();
    try {
      segment.destroy();
      if (attachment.core !== variant)
        throw new Error(`the attachment runs on the ${attachment.core} core, not ${variant}`);
      await work(attachment, segment);
    } finally {
      attachment.detach();
    }
  } finally {
    segment[Symbol.dispose]();
  }
}
