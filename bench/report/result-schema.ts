import Type from 'typebox';

/** Numbers where NaN is one: what was not measured, which JSON writes as null. */
const Figure = Type.Number();
const Figures = Type.Array(Figure);
const ByName = Type.Record(Type.String(), Figure);

const PERCENTILES = {
  p50: Figure,
  p90: Figure,
  p99: Figure,
  p999: Figure,
  p9999: Figure,
  max: Figure,
};
const Percentiles = Type.Object(PERCENTILES);
const Curve = Type.Array(Type.Object({ percentile: Figure, ms: Figure }));

const OPTIONS = {
  connections: Figure,
  rate: Figure,
  durationSeconds: Figure,
  warmUpSeconds: Figure,
  transport: Type.Optional(Type.String()),
  signsMessages: Type.Optional(Type.Boolean()),
  scheme: Type.String(),
  method: Type.String(),
  bodyBytes: Figure,
  seed: Figure,
  generators: Figure,
  fronts: Figure,
  workers: Figure,
  pipelined: Type.Optional(Type.Boolean()),
};

const Timeline = Type.Object({
  due: Figures,
  answered: Figures,
  errors: Figures,
  openConnections: Figures,
  rssMb: Figures,
  cpuByThread: Type.Record(Type.String(), Figures),
  heat: Type.Object({ upperMs: Figures, counts: Type.Array(Figures) }),
});

const Environment = Type.Object({
  cpu: Type.String(),
  cores: Figure,
  memoryMb: Figure,
  kernel: Type.String(),
  node: Type.String(),
  os: Type.String(),
  loadAverage: Figure,
});

/** What the report reads of a LoadResult; more properties are no error. */
export const ResultSchema = Type.Object({
  ...OPTIONS,
  ...PERCENTILES,
  name: Type.Literal('load'),
  startedAt: Type.String(),
  configuration: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
  ),
  achievedRate: Figure,
  requests: Figure,
  answered: Figure,
  errors: ByName,
  connectionsLost: ByName,
  connectionsOpenMin: Figure,
  missedSends: Figure,
  noIdleConnection: Figure,
  curve: Curve,
  fromActualSend: Type.Object({ ...PERCENTILES, curve: Curve }),
  closedLoop: Type.Object({ ...PERCENTILES, clients: Figure, requests: Figure, curve: Curve }),
  stages: Type.Record(Type.String(), Type.Object({ ...PERCENTILES, meanMs: Figure })),
  cpuMicrosPerRequest: ByName,
  upstreamCpuMicrosPerRequest: Figure,
  rssMb: Figure,
  hiccup: Type.Object({ generator: Percentiles, gatewaySide: Percentiles }),
  generator: Type.Object({
    lag: Percentiles,
    cpuMicrosPerRequest: Figure,
    cpuShareMax: Figure,
    limited: Type.Array(Type.String()),
  }),
  timeline: Timeline,
  environment: Environment,
  commit: Type.String(),
});
