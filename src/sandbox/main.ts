// The script of a guest's thread or process. Which one it is says the call at its end.
export { runProcess } from "./process/runner.js";
export { runThread } from "./thread/worker.js";
