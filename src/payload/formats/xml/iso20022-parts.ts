/** What the messages of ISO 20022 have in common: parties, agents, accounts, remittance, tax. */
export const ISO20022_PARTS: Readonly<Record<string, string>> = {
  Amount: '@Ccy',
  Code: 'Cd Prtry',
  CodeAndIssuer: 'CdOrPrtry:Code Issr',
  DateOrTime: 'Dt DtTm',
  DateTimePeriod: 'FrDtTm ToDtTm',
  DatePeriod: 'FrDt ToDt',
  GenericId: 'Id SchmeNm:Code Issr',

  Address: `AdrTp:AddressType Dept SubDept StrtNm BldgNb BldgNm Flr PstBx Room PstCd TwnNm TwnLctnNm
    DstrctNm CtrySubDvsn Ctry AdrLine[]`,
  AddressType: 'Cd Prtry:AddressTypeId',
  AddressTypeId: 'Id Issr SchmeNm',
  NameAndAddress: 'Nm Adr:Address',

  Party: 'Nm PstlAdr:Address Id:PartyId CtryOfRes CtctDtls:Contact',
  PartyId: 'OrgId:OrganisationId PrvtId:PersonId',
  OrganisationId: 'AnyBIC LEI Othr[]:GenericId',
  PersonId: 'DtAndPlcOfBirth:Birth Othr[]:GenericId',
  Birth: 'BirthDt PrvcOfBirth CityOfBirth CtryOfBirth',
  Contact: `NmPrfx Nm PhneNb MobNb FaxNb EmailAdr EmailPurp JobTitl Rspnsblty Dept
    Othr[]:ContactChannel PrefrdMtd`,
  ContactChannel: 'ChanlTp Id',

  Agent: 'FinInstnId:Institution BrnchId:Branch',
  Institution: 'BICFI ClrSysMmbId:ClearingMember LEI Nm PstlAdr:Address Othr:GenericId',
  ClearingMember: 'ClrSysId:Code MmbId',
  Branch: 'Id LEI Nm PstlAdr:Address',

  Account: 'Id:AccountId Tp:Code Ccy Nm Prxy:Proxy',
  AccountId: 'IBAN Othr:GenericId',
  Proxy: 'Tp:Code Id',

  Remittance: 'Ustrd[] Strd[]:StructuredRemittance',
  StructuredRemittance: `RfrdDocInf[]:ReferredDocument RfrdDocAmt:RemittanceAmount
    CdtrRefInf:CreditorReference Invcr:Party Invcee:Party TaxRmt:TaxRemittance
    GrnshmtRmt:Garnishment AddtlRmtInf[]`,
  ReferredDocument: 'Tp:CodeAndIssuer Nb RltdDt LineDtls[]:DocumentLine',
  DocumentLine: 'Id[]:DocumentLineId Desc Amt:RemittanceAmount',
  DocumentLineId: 'Tp:CodeAndIssuer Nb RltdDt',
  RemittanceAmount: `DuePyblAmt:Amount DscntApldAmt[]:TypedAmount CdtNoteAmt:Amount
    TaxAmt[]:TypedAmount AdjstmntAmtAndRsn[]:Adjustment RmtdAmt:Amount`,
  TypedAmount: 'Tp:Code Amt:Amount',
  Adjustment: 'Amt:Amount CdtDbtInd Rsn AddtlInf',
  CreditorReference: 'Tp:CodeAndIssuer Ref',
  Garnishment: `Tp:CodeAndIssuer Grnshee:Party GrnshmtAdmstr:Party RefNb Dt RmtdAmt:Amount
    FmlyMdclInsrncInd:Boolean MplyeeTermntnInd:Boolean`,
  RemittanceLocation: 'RmtId RmtLctnDtls[]:RemittanceLocationDetails',
  RemittanceLocationDetails: 'Mtd ElctrncAdr PstlAdr:NameAndAddress',

  Tax: `Cdtr:TaxCreditor Dbtr:TaxDebtor AdmstnZone RefNb Mtd TtlTaxblBaseAmt:Amount
    TtlTaxAmt:Amount Dt SeqNb Rcrd[]:TaxRecord`,
  TaxRemittance: `Cdtr:TaxCreditor Dbtr:TaxDebtor UltmtDbtr:TaxDebtor AdmstnZone RefNb Mtd
    TtlTaxblBaseAmt:Amount TtlTaxAmt:Amount Dt SeqNb Rcrd[]:TaxRecord`,
  TaxCreditor: 'TaxId RegnId TaxTp',
  TaxDebtor: 'TaxId RegnId TaxTp Authstn:TaxAuthorisation',
  TaxAuthorisation: 'Titl Nm',
  TaxRecord: `Tp Ctgy CtgyDtls DbtrSts CertId FrmsCd Prd:TaxPeriod TaxAmt:TaxAmount AddtlInf`,
  TaxPeriod: 'Yr Tp FrToDt:DatePeriod',
  TaxAmount: 'Rate TaxblBaseAmt:Amount TtlAmt:Amount Dtls[]:TaxDetail',
  TaxDetail: 'Prd:TaxPeriod Amt:Amount',
};
