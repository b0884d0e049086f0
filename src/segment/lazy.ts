import { keyOf } from "./key.js";
import type { Shm } from "./shm.js";

interface Maker {
  create(options?: never): unknown;
  open(options: never): unknown;
}

/**
 * An instance that `make` makes at the first use of a member. So an import cannot fail; and after a use that failed, the
 * next one tries again.
 */
export function lazyShm(make: () => Shm): Shm {
  let made: Shm | undefined;
  function instance(): Shm {
    made ??= make();
    return made;
  }
  /** Two functions of an instance. */
  const lazily = <M extends Maker>(of: (shm: Shm) => M): M => {
    const maker: Maker = {
      create: (options) => of(instance()).create(options),
      open: (options) => of(instance()).open(options),
    };
    return maker as M;
  };
  return {
    get host() {
      return instance().host;
    },
    get core() {
      return instance().core;
    },
    create: (size, options) => instance().create(size, options),
    open: (target) => instance().open(target),
    openSegment: (size, flags, mode) => instance().openSegment(size, flags, mode),
    destroySegment: (id) => instance().destroySegment(id),
    list: () => instance().list(),
    limits: () => instance().limits(),
    ftok: (path, projectId) => instance().ftok(path, projectId),
    createTyped: (Type, length, options) => instance().createTyped(Type, length, options),
    openTyped: (Type, target, options) => instance().openTyped(Type, target, options),
    createChecksum: ((algorithm: never, options: never) =>
      instance().createChecksum(algorithm, options)) as Shm["createChecksum"],
    keyOf,
    channel: lazily((shm) => shm.channel),
    topic: lazily((shm) => shm.topic),
    service: lazily((shm) => shm.service),
  };
}
