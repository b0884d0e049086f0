/** A URL, also for users who compile without Node's types and `dom`. */
export interface UrlLike {
  readonly href: string;
  readonly protocol: string;
}
