// What the host calls. Offsets and lengths are bytes of env.memory and are not checked here: the guest can reach its own
// pages and the windows, and a wrong offset is the caller's mistake or a trap.

export { churn } from "./churn";
export { grayscale, histogram } from "./image";
export { invert, sumFloats } from "./vectors";
export { countWords, distinctWords, occurrences } from "./words";
