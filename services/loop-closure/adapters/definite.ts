type Definite<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same without properties that are `undefined`: a filter that is not there is not a filter for nothing. */
export const definite = <T extends object>(given: T): Definite<T> =>
  // Entries lose the types of the keys; nothing else is changed.
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Definite<T>;
