export { shownName, shownNames } from "../module/names.js";
