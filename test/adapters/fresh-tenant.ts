import { randomUUID } from 'node:crypto';

/** A tenant that no other test uses, so that tests can share one store. */
export const freshTenant = () => `t-${randomUUID().slice(0, 13)}`;
