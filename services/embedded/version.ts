import manifest from '../../package.json' with { type: 'json' };

/** As in package.json. */
export const TOCSIN_VERSION: string = manifest.version;
