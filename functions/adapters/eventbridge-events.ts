import { EVENT_SOURCES, TRAINING_REQUESTED } from '../contracts/env.ts';
import { TransientStoreError } from '../errors.ts';
import type { EventPublisher, ServiceEvent } from '../experiment-ports.ts';
import { clientSettings } from './client-settings.ts';
import { storeFault } from './store-faults.ts';

/** Most entries that EventBridge takes in one request. */
const ENTRIES = 10;

const SOURCES: Readonly<Record<ServiceEvent['type'], string>> = {
  SegmentationCompleted: EVENT_SOURCES.segmentation,
  'Critical Anomaly': EVENT_SOURCES.campaigns,
  'Campaign Jobs Due': EVENT_SOURCES.campaigns,
  [TRAINING_REQUESTED]: EVENT_SOURCES.campaigns,
  'Experiment Segmentation Activated': EVENT_SOURCES.experiments,
  'Experiment Alert': EVENT_SOURCES.experiments,
};

/** Events on one bus of EventBridge. The SDK is loaded with the first event: most functions never publish one. */
export function eventbridgeEvents(busArn: string): EventPublisher {
  return {
    async publish(events) {
      if (events.length === 0) return;
      const { EventBridgeClient, PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
      const client = new EventBridgeClient(clientSettings);
      for (let start = 0; start < events.length; start += ENTRIES) {
        const Entries = events.slice(start, start + ENTRIES).map(({ type, detail, ...about }) => ({
          Source: SOURCES[type],
          DetailType: type,
          Detail: JSON.stringify({ ...about, ...detail }),
          EventBusName: busArn,
        }));
        const { FailedEntryCount = 0 } = await client
          .send(new PutEventsCommand({ Entries }))
          .catch((error: unknown) => {
            throw storeFault(error, 'publish events');
          });
        if (FailedEntryCount === 0) continue;
        throw new TransientStoreError(
          `The event bus did not take ${FailedEntryCount} of ${Entries.length} events. Try again shortly.`,
          { reason: 'events_refused' },
        );
      }
    },
  };
}
