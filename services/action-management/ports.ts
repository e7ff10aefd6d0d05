/** What a folder of rules must stand before it comes into force. */
export interface CheckedFolder {
  /** Of the rules that were looked at; empty when they cannot be read. */
  readonly hash: string;
  /** `file:line:column: message`, a line each. With any, the folder is refused. */
  readonly problems: readonly string[];
}

/** Looks at the rules of a folder as a set and plays the tests beside them. Must not keep signals waiting. */
export type CheckFolder = (folder: string) => Promise<CheckedFolder>;
