import { describe, expect, it } from 'vitest';
import { configDifferences } from '../../../bench/rig/config-differences.ts';
import { gatewayConfig } from '../../../bench/rig/gateway-files.ts';

describe('what a result says of the gateway’s configuration', () => {
  it('is every option whose value is not the default, and none else', () => {
    const config = gatewayConfig({
      ...{ upstreamPort: 1, workers: 2, noncesMax: 2_097_152 },
      config: { limits: { connectionsMax: 19_000 }, workers: { placement: 'auto' } },
    });
    expect(configDifferences(config)).toEqual({
      stateDir: 'state',
      'listener.port': 0,
      'registry.store': 'file',
      'listener.publicAuthority': 'bench.xingyun.example',
      'admin.port': 0,
      'workers.count': 2,
      'signatures.createdMaxAgeMs': 3_600_000,
      'signatures.noncesMax': 2_097_152,
      'telemetry.accessLog': false,
      'telemetry.accessLogFile': 'access.log',
    });
  });
});
