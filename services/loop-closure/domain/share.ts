/** So many of so many. */
export interface Share {
  readonly of: number;
  readonly n: number;
  /** n / of, 0–1; absent when there is nothing to have a share of. */
  readonly share?: number;
}

export const shareOf = (n: number, of: number): Share => ({ of, n, ...(of === 0 ? {} : { share: n / of }) });
