import { useGrouping } from './group-messages.kafka.ts';
import { useRecordEncoder } from './record-encoder.kafka.ts';

// To be imported before the client: it takes hold of its parts while it is loaded.
useGrouping();
useRecordEncoder();
