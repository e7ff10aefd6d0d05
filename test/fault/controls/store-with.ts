import type { PartitionStore } from '../../../services/platform/keyed-process/state-store.ts';

/** A store that does as the real one does, except for what is given: a mechanism taken out. */
export function storeWith(store: PartitionStore, instead: Partial<PartitionStore>): PartitionStore {
  return new Proxy(store, {
    get: (target, name) => {
      const replaced: unknown = Reflect.get(instead, name);
      if (replaced !== undefined) return replaced;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
