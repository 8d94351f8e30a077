//! The processor's own answers.
//!
//! CPUID takes a leaf in EAX and a subleaf in ECX and returns four registers. It is the one instruction every
//! hypervisor that uses the hardware intercepts, so what comes back is what the layer below wants seen: features
//! masked, a made-up model, and, by convention, the hypervisor's own leaves from 0x40000000.
//!
//! Read: all basic, hypervisor and extended leaves that the processor announces, on whichever core runs this.
//! Left out: leaf 3, the processor's serial number; differences between cores of a hybrid processor.
//! Where to read more: Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E; Linux `Documentation/virt/kvm/x86/cpuid.rst`;
//! Microsoft's Hypervisor Top Level Functional Specification, chapter 2.

use std::collections::BTreeMap;
use std::fmt::Write;

/// EAX, EBX, ECX, EDX.
pub type Registers = [u32; 4];

/// CPUID answers by leaf and subleaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpuid(BTreeMap<(u32, u32), Registers>);

/// Leaves whose subleaves carry more; at most this many subleaves are read.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
const SUBLEAVES: &[(u32, u32)] = &[(0x4, 8), (0x7, 3), (0xb, 3), (0xd, 2), (0x1f, 4), (0x8000_001d, 8)];

/// The most leaves read in one range, whatever the processor announces.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
const RANGE_LIMIT: u32 = 0x40;

/// What the leaves say about the processor, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// `GenuineIntel`, `AuthenticAMD`, …
    pub vendor: String,
    /// The brand string.
    pub brand: String,
    /// Family, model, stepping, as the vendor counts them.
    pub signature: Option<(u32, u32, u32)>,
    /// Leaf 1 ECX bit 31: set by hypervisors, reserved as zero by hardware.
    pub hypervisor_bit: bool,
    /// VMX or SVM.
    pub virtualization: bool,
    /// AVX2 or later: hardware of a generation all of which has VT-x or AMD-V.
    pub modern: bool,
    /// Data and unified caches: level, kind, bytes.
    pub caches: Vec<(u8, &'static str, usize)>,
}

impl Cpuid {
    /// Reads this processor's. Empty on processors without CPUID.
    pub fn host() -> Cpuid {
        read_host()
    }

    /// Sets one answer.
    pub fn set(&mut self, leaf: u32, subleaf: u32, registers: Registers) {
        self.0.insert((leaf, subleaf), registers);
    }

    /// One answer, if that leaf was captured.
    pub fn get(&self, leaf: u32, subleaf: u32) -> Option<Registers> {
        self.0.get(&(leaf, subleaf)).copied()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hypervisor interfaces announced, from 0x40000000 in steps of 0x100: base leaf, signature, highest leaf.
    ///
    /// A hypervisor that imitates another's interface answers with that one's name first and its own at a later base.
    pub fn hypervisors(&self) -> Vec<(u32, String, u32)> {
        (0x4000_0000..=0x4000_0f00u32)
            .step_by(0x100)
            .filter_map(|base| {
                let [max, b, c, d] = self.get(base, 0)?;
                let signature: String = [b, c, d]
                    .iter()
                    .flat_map(|register| register.to_le_bytes())
                    .filter(|&byte| byte != 0)
                    .map(|byte| if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '?' })
                    .collect();
                let letters = signature.chars().filter(char::is_ascii_alphanumeric).count();
                (letters >= 3).then_some((base, signature, max))
            })
            .collect()
    }

    /// The table as text: one line per leaf, `leaf subleaf: eax ebx ecx edx`, all in hexadecimal.
    pub fn to_text(&self) -> String {
        let mut out = String::from("# leaf subleaf: eax ebx ecx edx\n");
        for ((leaf, subleaf), [a, b, c, d]) in &self.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{leaf:08x} {subleaf:02x}: {a:08x} {b:08x} {c:08x} {d:08x}");
        }
        out
    }

    /// Reads [`Cpuid::to_text`]'s format; the number of the first line that does not fit is the error.
    pub fn from_text(text: &str) -> Result<Cpuid, usize> {
        let mut out = Cpuid::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let numbers: Vec<u32> = line
                .split([' ', ':'])
                .filter(|word| !word.is_empty())
                .map(|word| u32::from_str_radix(word, 16))
                .collect::<Result<_, _>>()
                .map_err(|_| index + 1)?;
            let [leaf, subleaf, a, b, c, d] = numbers[..] else { return Err(index + 1) };
            out.set(leaf, subleaf, [a, b, c, d]);
        }
        Ok(out)
    }

    /// The parts of the table that the processor's layer shows.
    pub fn decoded(&self) -> Decoded {
        if self.is_empty() { Decoded::default() } else { decode(self) }
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn read_host() -> Cpuid {
    use raw_cpuid::native_cpuid::cpuid_count;
    let mut out = Cpuid::default();
    let ask = |leaf, subleaf| {
        let r = cpuid_count(leaf, subleaf);
        [r.eax, r.ebx, r.ecx, r.edx]
    };
    let range = |out: &mut Cpuid, base: u32| {
        let max = ask(base, 0)[0];
        if max < base || max - base > 0xffff {
            return;
        }
        for leaf in base..=max.min(base + RANGE_LIMIT) {
            if leaf == 3 {
                continue;
            }
            let count = SUBLEAVES.iter().find(|(with, _)| *with == leaf).map_or(1, |&(_, count)| count);
            for subleaf in 0..count {
                out.set(leaf, subleaf, ask(leaf, subleaf));
            }
        }
    };
    range(&mut out, 0);
    range(&mut out, 0x8000_0000);
    // Without the hypervisor bit these leaves are reserved, and Intel answers with those of the highest basic leaf.
    if out.get(1, 0).is_some_and(|registers| registers[2] >> 31 == 1) {
        for base in (0x4000_0000..=0x4000_0f00).step_by(0x100) {
            let [max, b, ..] = ask(base, 0);
            // Early KVM announces its leaves with a highest leaf of zero.
            if max == 0 && b == u32::from_le_bytes(*b"KVMK") {
                out.set(base, 0, ask(base, 0));
                out.set(base + 1, 0, ask(base + 1, 0));
            } else {
                range(&mut out, base);
            }
        }
    }
    out
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn read_host() -> Cpuid {
    Cpuid::default()
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn decode(table: &Cpuid) -> Decoded {
    use raw_cpuid::{CacheType, CpuId, CpuIdResult};
    let reader = |leaf, subleaf| {
        let [eax, ebx, mut ecx, edx] = table.get(leaf, subleaf).unwrap_or_default();
        if matches!(leaf, 4 | 0x8000_001d) {
            // The decoder adds one to the number of sets; a made-up leaf must not overflow it.
            ecx = ecx.min(u32::MAX - 1);
        }
        CpuIdResult { eax, ebx, ecx, edx }
    };
    let cpuid = CpuId::with_cpuid_reader(reader);
    let features = cpuid.get_feature_info();
    let extended = cpuid.get_extended_processor_and_feature_identifiers();
    let caches = cpuid.get_cache_parameters().into_iter().flatten().take(8).filter_map(|cache| {
        let kind = match cache.cache_type() {
            CacheType::Data => "data",
            CacheType::Unified => "unified",
            _ => return None,
        };
        // Checked: a made-up leaf can overflow.
        let bytes = cache
            .sets()
            .checked_mul(cache.associativity())?
            .checked_mul(cache.coherency_line_size())?
            .checked_mul(cache.physical_line_partitions())?;
        Some((cache.level(), kind, bytes))
    });
    Decoded {
        vendor: cpuid.get_vendor_info().map(|v| v.as_str().to_owned()).unwrap_or_default(),
        brand: brand(table),
        signature: table.get(1, 0).map(|[eax, ..]| signature(eax)),
        hypervisor_bit: features.as_ref().is_some_and(|f| f.has_hypervisor()),
        virtualization: features.as_ref().is_some_and(|f| f.has_vmx()) || extended.is_some_and(|e| e.has_svm()),
        modern: table.get(7, 0).is_some_and(|[_, ebx, ..]| ebx & (1 << 5) != 0),
        caches: caches.collect(),
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn decode(_table: &Cpuid) -> Decoded {
    Decoded::default()
}

/// Leaf 1's family, model and stepping. Own code: the decoder's sum of base and extended family can overflow a byte.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn signature(eax: u32) -> (u32, u32, u32) {
    let (base_family, base_model) = (eax >> 8 & 0xf, eax >> 4 & 0xf);
    let family = if base_family == 0xf { 0xf + (eax >> 20 & 0xff) } else { base_family };
    let model = if matches!(base_family, 0x6 | 0xf) { (eax >> 16 & 0xf) << 4 | base_model } else { base_model };
    (family, model, eax & 0xf)
}

/// Leaves 0x80000002 to 4, as text. Own code: the bytes of a made-up table need not be UTF-8.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn brand(table: &Cpuid) -> String {
    let bytes: Vec<u8> = (0x8000_0002..=0x8000_0004u32)
        .filter_map(|leaf| table.get(leaf, 0))
        .flatten()
        .flat_map(u32::to_le_bytes)
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}
