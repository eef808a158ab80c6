-- A journal of format 1: seven facts of two tenders and their checkpoints.
-- Never changed: it must open for ever. Its journal.head (one half, hexadecimal):
-- head 5152504845414431000000000000000941036c9904aa82f135d48af37bf5fd5fbb3fd31da7a9221fcf0e06a4637cbc15cd5b58272eac28ea29092bf45f78951a97dfd983ee784b1c80b5e4f547091f4a
PRAGMA application_id = 0x5152504A;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE fact (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  hash    BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "fact" VALUES(1,1000,'T1','{"v":1,"fact":"tender_created","lane":"lane-1","key":"key 1","sale":"sale 0","day":"2026-03-01","amount":{"minor":101,"currency":"AED"},"mode":"scan","part":false,"gateway":null,"note":null}',X'76BE230083B619ADA1B9519659ED7C56AC00F0DE3A2178B9C18262039592D280');
INSERT INTO "fact" VALUES(2,1001,'T1','{"v":1,"fact":"attempt_intended","attempt":1,"gateway":"payby","order":"S1L1A1","wallet":null,"code":"28****90","fingerprint":"f0","requested":1,"expires":2}',X'84401924B18E1B14C70BD884C33DACFD1095839BC7B51BA10AAA1C41B1908F8D');
INSERT INTO "fact" VALUES(3,1001,'T1','{"v":1,"fact":"attempt_withdrawn","attempt":1}',X'F06B9587EB66318BACB832836161722BD88E051C25DE4913731F2D3BAB4C89D5');
INSERT INTO "fact" VALUES(4,1003,'T2','{"v":1,"fact":"tender_created","lane":"lane-2","key":"key 2","sale":"sale 1","day":"2026-03-01","amount":{"minor":102,"currency":"AED"},"mode":"scan","part":false,"gateway":null,"note":null}',X'3A0D8D5B709B35BCB5DE4910EAFE25A3BED2022EAE339BDC7DF1B479B481184E');
INSERT INTO "fact" VALUES(5,1003,'','{"v":1,"fact":"checkpoint"}',X'7ECEBE65F7FB0B135308EDA755949E3591A4258A0E5DC2CE6D4327855EDBB837');
INSERT INTO "fact" VALUES(6,1005,'T1','{"v":1,"fact":"attempt_intended","attempt":2,"gateway":"payby","order":"S1L1A2","wallet":null,"code":"28****90","fingerprint":"f0","requested":1,"expires":2}',X'1E85F0517FFDAD0BC9C0565BD4E6593070E5FFE458872FD004C8331C0AF28D3C');
INSERT INTO "fact" VALUES(7,1005,'T1','{"v":1,"fact":"verdict_given","verdict":"not_paid","reason":"cancelled"}',X'CB0F3223E5C1E32C77E24ED83011F2BF1E1D4C1E673342B463DCDBB541748FC2');
INSERT INTO "fact" VALUES(8,1007,'T2','{"v":1,"fact":"attempt_intended","attempt":1,"gateway":"payby","order":"S1L2A1","wallet":null,"code":"28****90","fingerprint":"f0","requested":1,"expires":2}',X'AD9EA3E7E4F9D981490A7946AE780A6FE346822AF35DF90060DD70FDB449C2AC');
INSERT INTO "fact" VALUES(9,2000,'','{"v":1,"fact":"checkpoint"}',X'41036C9904AA82F135D48AF37BF5FD5FBB3FD31DA7A9221FCF0E06A4637CBC15');
CREATE TABLE orders (
  number TEXT PRIMARY KEY,
  tender TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "orders" VALUES('S1L1A1','T1');
INSERT INTO "orders" VALUES('S1L1A2','T1');
INSERT INTO "orders" VALUES('S1L2A1','T2');
CREATE TABLE origin (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO "origin" VALUES(1,X'38F8350863C805F4E26B42B701D9F97A4078B5DCC59885FBABBDF6F7A5C539E5');
CREATE TABLE tender (
  first   INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  lane    TEXT NOT NULL,
  key     TEXT NOT NULL UNIQUE,
  sale    TEXT NOT NULL,
  day     TEXT NOT NULL,
  state   TEXT NOT NULL,
  verdict TEXT,
  open    INTEGER NOT NULL CHECK (open IN (0, 1)),
  created INTEGER NOT NULL,
  facts   INTEGER NOT NULL
) STRICT;
INSERT INTO "tender" VALUES(1,'T1','lane-1','key 1','sale 0','2026-03-01','done','not_paid',0,1000,5);
INSERT INTO "tender" VALUES(4,'T2','lane-2','key 2','sale 1','2026-03-01','armed',NULL,1,1003,2);
CREATE INDEX fact_subject ON fact (subject);
CREATE TRIGGER fact_follows BEFORE INSERT ON fact
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM fact)
BEGIN SELECT RAISE(ABORT, 'entries follow each other without a gap'); END;
CREATE TRIGGER fact_stays BEFORE UPDATE ON fact
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'an entry is never removed'); END;
CREATE INDEX tender_sale ON tender (sale, day);
CREATE INDEX tender_day ON tender (day);
CREATE INDEX tender_lane ON tender (lane);
CREATE INDEX tender_state ON tender (state) WHERE state <> 'done';
CREATE INDEX tender_open ON tender (open) WHERE open = 1;
CREATE INDEX orders_tender ON orders (tender);
COMMIT;
