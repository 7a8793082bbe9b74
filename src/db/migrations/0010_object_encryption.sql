-- What opens a sealed body: JSON of the kind of encryption and the body's wrapped data key; empty: the body is plain.
ALTER TABLE objects ADD COLUMN encryption TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN encryption TEXT NOT NULL DEFAULT '';
-- With the upload's data key it gives the part's own; empty: the part is plain.
ALTER TABLE parts ADD COLUMN salt TEXT NOT NULL DEFAULT '';
