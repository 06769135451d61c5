/** Payments by card in the statements of ISO 20022 camt.053.001.08. */
export const CAMT_CARDS: Readonly<Record<string, string>> = {
  CardEntry: 'Card:Card POI:PointOfInteraction AggtdNtry:CardAggregate PrePdAcct:Account',
  CardTransaction: 'Card:Card POI:PointOfInteraction Tx:CardDetails PrePdAcct:Account',
  CardDetails: 'Aggtd:CardAggregate Indv:CardIndividual',

  Card: 'PlainCardData:PlainCard CardCtryCd CardBrnd:CardBrand AddtlCardData',
  PlainCard: `PAN CardSeqNb FctvDt XpryDt SvcCd TrckData[]:CardTrack
    CardSctyCd:CardSecurityCode`,
  CardTrack: 'TrckNb TrckVal',
  CardSecurityCode: 'CSCMgmt CSCVal',
  CardBrand: 'Id SchmeNm Issr',

  CardAggregate: 'AddtlSvc TxCtgy SaleRcncltnId SeqNbRg:CardSequences TxDtRg:CardPeriod',
  CardSequences: 'FrstTx LastTx',
  CardPeriod: 'Dt:DatePeriod DtTm:DateTimePeriod',
  CardIndividual: `ICCRltdData PmtCntxt:CardContext AddtlSvc TxCtgy SaleRcncltnId SaleRefNb
    RePresntmntRsn SeqNb TxId:CardTransactionId Pdct:CardProduct VldtnDt VldtnSeqNb`,
  CardContext: `CardPres:Boolean CrdhldrPres:Boolean OnLineCntxt:Boolean AttndncCntxt TxEnvt
    TxChanl AttndntMsgCpbl:Boolean AttndntLang CardDataNtryMd FllbckInd:Boolean
    AuthntcnMtd:CardholderAuthentication`,
  CardholderAuthentication: 'AuthntcnMtd AuthntcnNtty',
  CardTransactionId: 'TxDtTm TxRef',
  CardProduct: 'PdctCd UnitOfMeasr PdctQty UnitPric PdctAmt TaxTp AddtlPdctInf',

  PointOfInteraction: `Id:PointOfInteractionId SysNm GrpId Cpblties:PointOfInteractionCapabilities
    Cmpnt[]:PointOfInteractionComponent`,
  PointOfInteractionId: 'Id Tp Issr ShrtNm',
  PointOfInteractionCapabilities: `CardRdngCpblties[] CrdhldrVrfctnCpblties[] OnLineCpblties
    DispCpblties[]:Display PrtLineWidth`,
  Display: 'DispTp NbOfLines LineWidth',
  PointOfInteractionComponent: 'POICmpntTp ManfctrId Mdl VrsnNb SrlNb ApprvlNb[]',
};
