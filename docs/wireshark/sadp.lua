-- SADP for Wireshark and tshark: XML on UDP port 37020, and the older link-layer
-- protocol, Ethernet type 0x8033. See README.md beside this file, and
-- ../protocol.md for how sure each fact is.

local UDP_PORT = 37020
local ETHER_TYPE = 0x8033

-- XML in UDP ----------------------------------------------------------------

local xml = Proto("sadp", "SADP (XML)")
local x = {
  root = ProtoField.string("sadp.root", "Message"),
  types = ProtoField.string("sadp.types", "Types"),
  uuid = ProtoField.string("sadp.uuid", "Uuid"),
  mac = ProtoField.string("sadp.mac", "MAC"),
  model = ProtoField.string("sadp.model", "Model"),
  serial = ProtoField.string("sadp.serial", "Serial number"),
  address = ProtoField.string("sadp.address", "IPv4 address"),
  firmware = ProtoField.string("sadp.firmware", "Firmware"),
  activated = ProtoField.string("sadp.activated", "Activated"),
  result = ProtoField.string("sadp.result", "Result"),
}
xml.fields = x

-- Elements that get a field of their own. All of them stand in the XML below.
local ELEMENTS = {
  { "Types", x.types }, { "Uuid", x.uuid }, { "MAC", x.mac },
  { "DeviceDescription", x.model }, { "DeviceSN", x.serial },
  { "IPv4Address", x.address }, { "SoftwareVersion", x.firmware },
  { "Activated", x.activated }, { "Result", x.result },
}

local function word(text) return text and text:match("^%s*(.-)%s*$") or nil end

-- Wireshark calls it for what is on the port; anything but XML is left alone.
function xml.dissector(buffer, packet, tree)
  local text = buffer:raw()
  local root_at, _, root = text:find("<(%a[%w_]*)")
  if not root_at then return 0 end
  packet.cols.protocol = "SADP"
  local own = tree:add(xml, buffer())
  own:add(x.root, buffer(root_at, #root), root)
  local found = {}
  for _, element in ipairs(ELEMENTS) do
    local name, field = element[1], element[2]
    local from, to, value = text:find("<" .. name .. "[^>]*>([^<]*)")
    if from then
      found[name] = word(value)
      local length = #value
      own:add(field, length > 0 and buffer(to - length, length) or buffer(from - 1, 1), found[name])
    end
  end
  local about = { root }
  for _, name in ipairs({ "Types", "Result", "DeviceDescription", "IPv4Address", "MAC" }) do
    if found[name] and found[name] ~= "" then about[#about + 1] = found[name] end
  end
  packet.cols.info = table.concat(about, " ")
  own:append_text(": " .. table.concat(about, " "))
  local reader = Dissector.get("xml")
  if reader then
    local before = tostring(packet.cols.info)
    pcall(function() reader:call(buffer, packet, tree) end)
    packet.cols.protocol = "SADP"
    packet.cols.info = before
  end
  return buffer:len()
end

DissectorTable.get("udp.port"):add(UDP_PORT, xml)

-- Bare Ethernet frames ------------------------------------------------------

local raw = Proto("sadp_link", "SADP (link layer)")

local OPERATIONS = {
  [0x01] = "announce", [0x02] = "announce reply", [0x03] = "inquiry", [0x04] = "inquiry reply",
  [0x05] = "acknowledge", [0x06] = "update", [0x07] = "update reply",
  [0x0a] = "default password", [0x0b] = "default password reply",
  [0x0c] = "management server", [0x0d] = "management server reply",
  [0x10] = "modify network", [0x11] = "modify network reply",
}

local r = {
  identifier = ProtoField.uint8("sadp_link.identifier", "Identifier", base.HEX),
  version = ProtoField.uint8("sadp_link.version", "Version"),
  series = ProtoField.uint8("sadp_link.series", "Series"),
  length = ProtoField.uint8("sadp_link.length", "Length"),
  sequence = ProtoField.uint32("sadp_link.sequence", "Sequence"),
  hardware_length = ProtoField.uint8("sadp_link.hardware_length", "Hardware address length"),
  protocol_length = ProtoField.uint8("sadp_link.protocol_length", "Protocol address length"),
  operation = ProtoField.uint8("sadp_link.operation", "Operation", base.HEX, OPERATIONS),
  code = ProtoField.uint8("sadp_link.code", "Code"),
  checksum = ProtoField.uint16("sadp_link.checksum", "Checksum", base.HEX),
  checksum_good = ProtoField.bool("sadp_link.checksum_good", "Checksum holds"),
  sender_mac = ProtoField.ether("sadp_link.sender_mac", "Sender MAC"),
  sender_ipv4 = ProtoField.ipv4("sadp_link.sender_ipv4", "Sender IPv4"),
  target_mac = ProtoField.ether("sadp_link.target_mac", "Target MAC"),
  target_ipv4 = ProtoField.ipv4("sadp_link.target_ipv4", "Target IPv4"),
  mask = ProtoField.ipv4("sadp_link.mask", "Subnet mask"),
  ipv6 = ProtoField.ipv6("sadp_link.ipv6", "IPv6 address"),
  serial = ProtoField.stringz("sadp_link.serial", "Serial number"),
  device_type = ProtoField.uint32("sadp_link.device_type", "Device type"),
  sdk_port = ProtoField.uint32("sadp_link.sdk_port", "SDK port"),
  encoders = ProtoField.uint32("sadp_link.encoders", "Encoders"),
  disks = ProtoField.uint32("sadp_link.disks", "Disks"),
  firmware = ProtoField.stringz("sadp_link.firmware", "Software version"),
  dsp = ProtoField.stringz("sadp_link.dsp", "DSP version"),
  boot_time = ProtoField.stringz("sadp_link.boot_time", "Start time"),
  data = ProtoField.bytes("sadp_link.data", "Data"),
  extension = ProtoField.bytes("sadp_link.extension", "Extension"),
  gateway = ProtoField.ipv4("sadp_link.gateway", "IPv4 gateway"),
  ipv6_gateway = ProtoField.ipv6("sadp_link.ipv6_gateway", "IPv6 gateway"),
  ipv6_prefix = ProtoField.uint8("sadp_link.ipv6_prefix", "IPv6 prefix length"),
  support = ProtoField.uint8("sadp_link.support", "Support bits", base.HEX),
  dhcp = ProtoField.bool("sadp_link.dhcp", "DHCP"),
  http_port = ProtoField.uint16("sadp_link.http_port", "HTTP port"),
  digital_channels = ProtoField.uint16("sadp_link.digital_channels", "Digital channels"),
  oem_code = ProtoField.uint8("sadp_link.oem_code", "OEM code"),
  model = ProtoField.stringz("sadp_link.model", "Description"),
  oem = ProtoField.stringz("sadp_link.oem", "OEM information"),
}
raw.fields = r

-- Adds one field after the other, as far as the bytes go.
local function walk(tree, buffer, fields)
  local at = 0
  for _, entry in ipairs(fields) do
    local field, length = entry[1], entry[2]
    if at + length > buffer:len() then return end
    if field then tree:add(field, buffer(at, length)) end
    at = at + length
  end
end

local HEADER = {
  { r.identifier, 1 }, { r.version, 1 }, { r.series, 1 }, { r.length, 1 }, { r.sequence, 4 },
  { r.hardware_length, 1 }, { r.protocol_length, 1 }, { r.operation, 1 }, { r.code, 1 },
  { r.checksum, 2 }, { r.sender_mac, 6 }, { r.sender_ipv4, 4 }, { r.target_mac, 6 },
  { r.target_ipv4, 4 }, { r.mask, 4 },
}
local HEADER_LENGTH = 38

local REPLY = {
  { r.serial, 48 }, { r.device_type, 4 }, { r.sdk_port, 4 }, { r.encoders, 4 }, { r.disks, 4 },
  { r.firmware, 48 }, { r.dsp, 48 }, { r.boot_time, 48 },
}

local EXTENSION = {
  { nil, 4 }, { r.gateway, 4 }, { r.ipv6, 16 }, { r.ipv6_gateway, 16 }, { r.ipv6_prefix, 1 },
  { r.support, 1 }, { r.dhcp, 1 }, { nil, 29 }, { r.http_port, 2 }, { r.digital_channels, 2 },
  { r.oem_code, 1 }, { nil, 31 }, { r.model, 24 }, { r.oem, 24 },
}

-- The one's complement of the one's-complement sum of little-endian words, the
-- checksum's own place counting as zero.
local function checksum(part)
  local sum = 0
  for at = 0, part:len() - 1, 2 do
    if at ~= 12 then
      sum = sum + part(at, 1):uint()
      if at + 1 < part:len() then sum = sum + 256 * part(at + 1, 1):uint() end
    end
  end
  while sum > 0xffff do sum = (sum % 0x10000) + math.floor(sum / 0x10000) end
  return 0xffff - sum
end

function raw.dissector(buffer, packet, tree)
  if buffer:len() < HEADER_LENGTH or buffer(0, 1):uint() ~= 0x21 then return 0 end
  packet.cols.protocol = "SADP-L2"
  local length = math.min(math.max(buffer(3, 1):uint(), HEADER_LENGTH), buffer:len())
  local number = buffer(10, 1):uint()
  local operation = OPERATIONS[number] or string.format("operation 0x%02x", number)
  local own = tree:add(raw, buffer(), "SADP (link layer): " .. operation)
  walk(own, buffer(0, HEADER_LENGTH), HEADER)
  local good = buffer(3, 1):uint() == length and checksum(buffer(0, length)) == buffer(12, 2):uint()
  own:add(r.checksum_good, buffer(12, 2), good):set_generated()
  local about = operation .. " from " .. tostring(buffer(20 - 6, 6):ether())
  about = about .. " " .. tostring(buffer(20, 4):ipv4())
  if length > HEADER_LENGTH then
    local data = buffer(HEADER_LENGTH, length - HEADER_LENGTH)
    if number == 0x04 then
      walk(own:add(r.data, data), data, REPLY)
      if data:len() >= 48 then about = about .. " " .. data(0, 48):stringz() end
    elseif number == 0x03 and data:len() >= 16 then
      own:add(r.ipv6, data(0, 16))
    else
      own:add(r.data, data)
    end
  end
  if buffer(1, 1):uint() >= 2 and buffer:len() > length + 4 and buffer(length, 1):uint() == 2 then
    local extension = buffer(length, math.min(buffer(length + 1, 1):uint(), buffer:len() - length))
    walk(own:add(r.extension, extension), extension, EXTENSION)
  end
  packet.cols.info = about
  return buffer:len()
end

DissectorTable.get("ethertype"):add(ETHER_TYPE, raw)
