//! Types of volumes, and what each may be asked for: AWS's limits, in one table.

use super::Error;
use serde::{Deserialize, Serialize};

/// AWS's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Standard,
    Io1,
    Io2,
    Gp2,
    Gp3,
    Sc1,
    St1,
}

/// What a type allows: AWS's page of EBS volume types.
struct Limits {
    text: &'static str,
    least_gib: i64,
    most_gib: i64,
    /// Least and most operations a second that can be asked for, and the most for each GiB.
    iops: Option<(i64, i64, i64)>,
}

const fn limits(text: &'static str, gib: (i64, i64), iops: Option<(i64, i64, i64)>) -> Limits {
    Limits { text, least_gib: gib.0, most_gib: gib.1, iops }
}

/// What a gp3 volume has when nothing else is asked for: operations and MiB a second.
const GP3_IOPS: i64 = 3000;
const GP3_THROUGHPUT: i64 = 125;
const GP3_MOST_THROUGHPUT: i64 = 2000;

impl Kind {
    const ALL: [Kind; 7] = [Kind::Standard, Kind::Io1, Kind::Io2, Kind::Gp2, Kind::Gp3, Kind::Sc1, Kind::St1];

    fn limits(self) -> Limits {
        match self {
            Kind::Standard => limits("standard", (1, 1024), None),
            Kind::Io1 => limits("io1", (4, 16_384), Some((100, 64_000, 50))),
            Kind::Io2 => limits("io2", (4, 65_536), Some((100, 256_000, 1000))),
            Kind::Gp2 => limits("gp2", (1, 16_384), None),
            Kind::Gp3 => limits("gp3", (1, 65_536), Some((GP3_IOPS, 80_000, 500))),
            Kind::Sc1 => limits("sc1", (125, 16_384), None),
            Kind::St1 => limits("st1", (125, 16_384), None),
        }
    }

    /// AWS's name.
    pub fn text(self) -> &'static str {
        self.limits().text
    }

    /// The type of AWS's name.
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.text() == text)
    }

    /// Whether operations a second are asked for, rather than given with the size.
    pub fn takes_iops(self) -> bool {
        self.limits().iops.is_some()
    }

    /// Whether several instances may have one such volume at once.
    fn can_be_shared(self) -> bool {
        matches!(self, Kind::Io1 | Kind::Io2)
    }
}

/// What is asked of a volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub gib: Option<i64>,
    pub kind: Option<Kind>,
    pub iops: Option<i64>,
    /// MiB a second.
    pub throughput: Option<i64>,
    pub multi_attach: Option<bool>,
}

/// What a volume is: its wish with every default in place, within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub gib: i64,
    pub kind: Kind,
    /// Operations a second, where the type has such a figure.
    pub iops: Option<i64>,
    /// MiB a second, where the type has such a figure.
    pub throughput: Option<i64>,
    pub multi_attach: bool,
}

impl Figures {
    /// The figures of a new volume, which is of `gib` GiB unless the wish says a size.
    pub fn new(wish: Wish, gib: Option<i64>) -> Result<Figures, Error> {
        let kind = wish.kind.unwrap_or(Kind::Gp2);
        let gib = wish.gib.or(gib).ok_or_else(|| Error::Missing("size/snapshot".into()))?;
        let needs_iops = matches!(kind, Kind::Io1 | Kind::Io2);
        if needs_iops && wish.iops.is_none() {
            return Err(Error::NeedsIops(kind.text()));
        }
        Figures::checked(gib, kind, wish.iops, wish.throughput, wish.multi_attach.unwrap_or(false))
    }

    /// These figures with what `wish` changes.
    pub fn with(&self, wish: Wish) -> Result<Figures, Error> {
        let kind = wish.kind.unwrap_or(self.kind);
        let gib = wish.gib.unwrap_or(self.gib);
        if gib < self.gib {
            return Err(Error::Value("New size cannot be smaller than existing size".into()));
        }
        let same = kind == self.kind && kind.limits().iops.is_some();
        let kept = if same { self.iops } else { kind.limits().iops.map(|_| GP3_IOPS) };
        let throughput = wish.throughput.or(self.throughput.filter(|_| kind == Kind::Gp3));
        let multi_attach = wish.multi_attach.unwrap_or(self.multi_attach);
        Figures::checked(gib, kind, wish.iops.or(kept), throughput, multi_attach)
    }

    fn checked(
        gib: i64,
        kind: Kind,
        iops: Option<i64>,
        throughput: Option<i64>,
        multi_attach: bool,
    ) -> Result<Figures, Error> {
        let limits = kind.limits();
        let value = |text: String| Err(Error::Value(text));
        if gib < limits.least_gib {
            return value(format!("Volume of {gib}GiB is too small; minimum is {}GiB.", limits.least_gib));
        }
        if gib > limits.most_gib {
            return value(format!("Volume of {gib}GiB is too large; maximum is {}GiB.", limits.most_gib));
        }
        if multi_attach && !kind.can_be_shared() {
            return Err(Error::Combination(format!("Multi-Attach is not supported for {} volumes.", limits.text)));
        }
        if throughput.is_some() && kind != Kind::Gp3 {
            return Err(Error::Combination(format!(
                "The parameter throughput is not supported for {} volumes.",
                limits.text
            )));
        }
        let iops = match (limits.iops, iops) {
            (None, Some(_)) => {
                return Err(Error::Combination(format!(
                    "The parameter iops is not supported for {} volumes.",
                    limits.text
                )));
            }
            (None, None) if kind == Kind::Gp2 => Some((gib * 3).clamp(100, 16_000)),
            (None, None) => None,
            (Some((least, most, a_gib)), iops) => {
                let iops = iops.unwrap_or(GP3_IOPS);
                if iops < least {
                    return value(format!("Volume iops of {iops} is too low; minimum is {least}."));
                }
                if iops > most {
                    return value(format!("Volume iops of {iops} is too high; maximum is {most}."));
                }
                // What every gp3 volume has is no question of its size.
                let granted = kind == Kind::Gp3 && iops == GP3_IOPS;
                if iops > gib * a_gib && !granted {
                    let ratio = iops as f64 / gib as f64;
                    return value(format!("Iops to volume size ratio of {ratio:.6} is too high; maximum is {a_gib}"));
                }
                Some(iops)
            }
        };
        let throughput = match (kind, throughput) {
            (Kind::Gp3, wanted) => {
                let wanted = wanted.unwrap_or(GP3_THROUGHPUT);
                if wanted < GP3_THROUGHPUT {
                    return value(format!(
                        "Throughput of {wanted} MiBps is too low; minimum is {GP3_THROUGHPUT} MiBps."
                    ));
                }
                if wanted > GP3_MOST_THROUGHPUT {
                    return value(format!(
                        "Throughput of {wanted} MiBps is too high; maximum is {GP3_MOST_THROUGHPUT} MiBps."
                    ));
                }
                let ratio = wanted as f64 / iops.unwrap_or(GP3_IOPS) as f64;
                if ratio > 0.25 {
                    return value(format!(
                        "Throughput (MiBps) to iops ratio of {ratio:.6} is too high; maximum is 0.250000 MiBps per iops"
                    ));
                }
                Some(wanted)
            }
            (Kind::Standard | Kind::Io1 | Kind::Io2 | Kind::Gp2 | Kind::Sc1 | Kind::St1, _) => None,
        };
        Ok(Figures { gib, kind, iops, throughput, multi_attach })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(kind: Kind, gib: i64, iops: Option<i64>, throughput: Option<i64>) -> Wish {
        Wish { gib: Some(gib), kind: Some(kind), iops, throughput, multi_attach: None }
    }

    #[test]
    fn defaults_are_awss() {
        for (asked, iops, throughput) in [
            (wish(Kind::Gp2, 8, None, None), Some(100), None),
            (wish(Kind::Gp2, 80, None, None), Some(240), None),
            (wish(Kind::Gp2, 16_384, None, None), Some(16_000), None),
            (wish(Kind::Gp3, 1, None, None), Some(3000), Some(125)),
            (wish(Kind::Gp3, 100, Some(4000), Some(1000)), Some(4000), Some(1000)),
            (wish(Kind::Io1, 20, Some(1000), None), Some(1000), None),
            (wish(Kind::Io2, 20, Some(20_000), None), Some(20_000), None),
            (wish(Kind::St1, 125, None, None), None, None),
            (wish(Kind::Standard, 1, None, None), None, None),
        ] {
            let got = Figures::new(asked, None).unwrap();
            assert_eq!((got.iops, got.throughput), (iops, throughput), "{asked:?}");
        }
        assert_eq!(Figures::new(Wish::default(), Some(7)).unwrap().gib, 7);
        assert_eq!(Figures::new(Wish::default(), Some(7)).unwrap().kind, Kind::Gp2);
    }

    #[test]
    fn what_no_type_has_is_refused_in_awss_words() {
        for (asked, words) in [
            (wish(Kind::Gp2, 0, None, None), "Volume of 0GiB is too small; minimum is 1GiB."),
            (wish(Kind::Sc1, 124, None, None), "Volume of 124GiB is too small; minimum is 125GiB."),
            (wish(Kind::Standard, 1025, None, None), "Volume of 1025GiB is too large; maximum is 1024GiB."),
            (wish(Kind::Gp2, 8, Some(100), None), "The parameter iops is not supported for gp2 volumes."),
            (wish(Kind::Io1, 8, None, None), "The parameter iops must be specified for io1 volumes."),
            (wish(Kind::Io1, 8, Some(99), None), "Volume iops of 99 is too low; minimum is 100."),
            (
                wish(Kind::Gp3, 20, Some(15_000), None),
                "Iops to volume size ratio of 750.000000 is too high; maximum is 500",
            ),
            (
                wish(Kind::Gp3, 20, None, Some(1000)),
                "Throughput (MiBps) to iops ratio of 0.333333 is too high; maximum is 0.250000 MiBps per iops",
            ),
            (wish(Kind::Io1, 20, Some(100), Some(125)), "The parameter throughput is not supported for io1 volumes."),
        ] {
            assert_eq!(Figures::new(asked, None).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn a_changed_type_brings_its_own_defaults() {
        let gp2 = Figures::new(wish(Kind::Gp2, 100, None, None), None).unwrap();
        let gp3 = gp2.with(Wish { kind: Some(Kind::Gp3), ..Wish::default() }).unwrap();
        assert_eq!((gp3.gib, gp3.iops, gp3.throughput), (100, Some(3000), Some(125)));
        let faster = gp3.with(Wish { iops: Some(5000), throughput: Some(500), ..Wish::default() }).unwrap();
        let larger = faster.with(Wish { gib: Some(200), ..Wish::default() }).unwrap();
        assert_eq!((larger.gib, larger.iops, larger.throughput), (200, Some(5000), Some(500)));
        assert_eq!(larger.with(Wish { kind: Some(Kind::Gp2), ..Wish::default() }).unwrap().iops, Some(600));
        assert!(larger.with(Wish { gib: Some(199), ..Wish::default() }).is_err());
    }
}
