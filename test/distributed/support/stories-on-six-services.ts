import { deployByDefault } from '../../support/world/default-deployment.ts';
import { deploySixServices } from './distributed-deployment.ts';

/** Setup file: the stories of `test/acceptance` are told of six services on real servers. */
deployByDefault(deploySixServices);
